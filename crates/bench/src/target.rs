//! The server under load: where it is, how one gets in, and which process it is.

use std::net::SocketAddr;

use crate::error::Error;
use crate::token::Mint;

/// Where to connect and publish, and with what.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Target {
    /// Its address. Plain HTTP only.
    pub address: SocketAddr,
    /// What stands in the `Host` header.
    pub host: String,
    /// Path of its WebSocket.
    pub websocket_path: String,
    /// Path that publishes.
    pub publish_path: String,
    /// Key for publishing.
    pub api_key: String,
    /// Whom the connections say they are.
    pub credentials: Credentials,
    /// Its process, where it runs on this machine; CPU and memory are read from there.
    pub pid: Option<u32>,
    /// Whether user and room stand in the address too, for a server that reads neither tokens nor messages.
    pub names_in_query: bool,
}

/// How connections authenticate.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Credentials {
    /// Each one as another user, with a token minted from this HS256 secret.
    Secret(String),
    /// All as the user of this token.
    Token(String),
}

impl Target {
    /// A server's native interface at `http://host:port`.
    ///
    /// # Errors
    ///
    /// An address that is not one, or not plain HTTP.
    pub fn native(url: &str, api_key: &str, credentials: Credentials) -> Result<Self, Error> {
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("ws://")).ok_or_else(|| {
            Error::Usage(format!(
                "{url:?} does not begin with http://; put the load on the server behind the proxy"
            ))
        })?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let named = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let mut addresses = std::net::ToSocketAddrs::to_socket_addrs(named.as_str())
            .map_err(Error::io(format!("looking up {named}")))?;
        let address = addresses.next().ok_or_else(|| Error::Usage(format!("{named} has no address")))?;
        Ok(Self {
            address,
            host: host.to_owned(),
            websocket_path: "/v1/ws".to_owned(),
            publish_path: "/v1/publish".to_owned(),
            api_key: api_key.to_owned(),
            credentials,
            pid: None,
            names_in_query: false,
        })
    }

    /// Paths and queries of the first `count` users' connections. Minted beforehand: signing is not part of connecting.
    pub(crate) fn paths(&self, count: usize) -> Vec<String> {
        let mint = match &self.credentials {
            Credentials::Secret(secret) => Some(Mint::new(secret)),
            Credentials::Token(_) => None,
        };
        (0..count)
            .map(|index| {
                let user = user(index);
                let token = match (&mint, &self.credentials) {
                    (Some(mint), _) => mint.token(&user),
                    (None, Credentials::Token(token) | Credentials::Secret(token)) => token.clone(),
                };
                format!("{}?token={token}", self.websocket_path)
            })
            .collect()
    }

    /// Whether each connection is a user of its own.
    pub(crate) fn distinct_users(&self) -> bool {
        matches!(self.credentials, Credentials::Secret(_))
    }
}

/// The name of a connection's user.
pub(crate) fn user(index: usize) -> String {
    format!("bench-{index}")
}

/// A room's name.
pub(crate) fn room(number: u32) -> String {
    format!("bench.{number}")
}
