//! What the verbs that talk to a server share: where it is, HTTP, and what a refusal looks like.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use http::Uri;
use tidings_protocol::UserId;
use tidings_protocol::http::Problem;
use tidings_settings::Auth;

use crate::dev::{Session, session_path};
use crate::failure::WrongCall;

/// Where a server is when nobody says otherwise.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:8000";

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// A server, by its address.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// `127.0.0.1:8000`, or a name and port.
    authority: String,
    /// The path in front of `/v1`, where a proxy adds one; without a slash at its end.
    prefix: String,
}

impl std::str::FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected the address of a server, such as {DEFAULT_URL}");
        let uri: Uri = text.parse().map_err(|_| expected())?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                let fix = "connect to the server itself with http://, behind the proxy that ends TLS";
                return Err(format!("https is not in this version yet: {fix}"));
            }
            _ => return Err(expected()),
        }
        let authority =
            uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(expected)?;
        if uri.query().is_some() {
            return Err(expected());
        }
        Ok(Self { authority: authority.to_string(), prefix: uri.path().trim_end_matches('/').to_owned() })
    }
}

impl Server {
    /// The address of a path, for HTTP.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.authority, self.prefix)
    }

    /// The address of a path, for a WebSocket.
    pub(crate) fn websocket(&self, path: &str) -> String {
        format!("ws://{}{}{path}", self.authority, self.prefix)
    }

    /// What was found, or where it could have been given.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn needs<T>(
        &self,
        found: Option<T>,
        name: &str,
        variable: &str,
        setting: &str,
    ) -> anyhow::Result<T> {
        found.ok_or_else(|| {
            let message = format!(
                "no {name}: give it as {variable}, or as {setting} of the settings; without one only a `tidings dev` on \
                 this machine can be used, and none answers at {}",
                self.http("/")
            );
            WrongCall::new(message).into()
        })
    }

    fn is_loopback(&self) -> bool {
        let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The keys that a `tidings dev` on this machine hands out; `None` where there is none.
    pub(crate) fn dev_session(&self, user: &UserId, rooms: &[String]) -> Option<Session> {
        if !self.is_loopback() {
            return None;
        }
        let answer = agent().get(self.http(&session_path(user, rooms))).call().ok()?;
        if !answer.status().is_success() {
            return None;
        }
        serde_json::from_slice(&read(answer).ok()?).ok()
    }

    /// Posts JSON with an API key and returns the answer's body.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses; with its own words.
    pub(crate) fn post(
        &self,
        path: &str,
        key: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let url = self.http(path);
        let mut request = agent().post(&url).header("authorization", format!("Bearer {key}"));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send(body).with_context(|| unreachable_at(&url))?;
        let status = answer.status();
        let body = read(answer).with_context(|| format!("the answer of {url} cannot be read"))?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => bail!("refused with {status}: {}", describe(&problem)),
            Err(_) => bail!("{url} answered {status}, and not as Tidings would. Is this the right address?"),
        }
    }
}

/// What to say when nobody answers.
pub(crate) fn unreachable_at(url: &str) -> String {
    format!("no answer from {url}. Does the server run there? --url or TIDINGS_URL names another")
}

/// The back end's key: the one that was given, the first of the settings, or that of a `tidings dev` on this machine.
///
/// # Errors
/// There is none anywhere.
pub(crate) fn api_key(given: Option<String>, auth: &Auth, server: &Server) -> anyhow::Result<String> {
    if let Some(key) = given {
        return Ok(key);
    }
    if let Some(key) = auth.api_keys.first() {
        return Ok(key.expose().to_owned());
    }
    let dev = UserId::parse("ada").ok().and_then(|anybody| server.dev_session(&anybody, &[]));
    server.needs(dev.map(|session| session.api_key), "API key", "TIDINGS_API_KEY", "auth.api_keys")
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        // A key must not follow a redirect, and the default address must not go through a proxy.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

fn read(answer: http::Response<ureq::Body>) -> Result<Vec<u8>, ureq::Error> {
    answer.into_body().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()
}

fn describe(problem: &Problem) -> String {
    let mut text = format!("{} ({})", problem.detail, problem.code.as_str());
    for error in &problem.errors {
        text.push_str(&format!("\n{}: {}", error.path, error.message));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers() {
        let server: Server = "http://localhost:8000/live/".parse().unwrap();
        assert_eq!(server.http("/v1/publish"), "http://localhost:8000/live/v1/publish");
        assert_eq!(server.websocket("/v1/ws"), "ws://localhost:8000/live/v1/ws");
        for wrong in ["", "localhost:8000", "http://", "ftp://a", "http://a:b@c", "http://a?x=1"] {
            assert!(wrong.parse::<Server>().is_err(), "{wrong:?}");
        }
        let https = "https://a".parse::<Server>().unwrap_err();
        assert!(https.contains("not in this version"), "{https}");
    }

    #[test]
    fn loopback_is_told_from_what_looks_like_it() {
        let is = |url: &str| url.parse::<Server>().unwrap().is_loopback();
        assert!(is("http://127.0.0.1:1") && is("http://localhost") && is("http://[::1]:8000"));
        assert!(!is("http://127.0.0.1.evil.example:1") && !is("http://10.0.0.1"));
    }
}
