//! Keys of back ends: kept and compared as SHA-256 digests, so that the time of a comparison tells nothing of a key.

use aws_lc_rs::{constant_time, digest};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tidings_core::{Clock, limits::Bucket, limits::Rate};
use tidings_protocol::ErrorCode;
use tidings_settings::Secret;

use crate::problem::HttpFault;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Wrong keys that one address may try in a minute before it has to wait.
const FAILURES_PER_MINUTE: u32 = 10;

/// The keys that open the HTTP interface.
pub struct ApiKeys {
    digests: Vec<digest::Digest>,
    failures: parking_lot::Mutex<hashbrown::HashMap<std::net::IpAddr, Bucket>>,
}

impl ApiKeys {
    /// Takes the configured keys.
    pub fn new(keys: &[Secret]) -> Self {
        let digests = keys.iter().map(|key| sha256(key.expose().as_bytes())).collect();
        Self { digests, failures: Default::default() }
    }

    fn opens(&self, key: &str) -> bool {
        let given = sha256(key.as_bytes());
        self.digests
            .iter()
            .any(|known| constant_time::verify_slices_are_equal(known.as_ref(), given.as_ref()).is_ok())
    }

    /// Whether one of these headers' values carries a key that opens.
    pub(crate) fn open_to(&self, authorization: Option<&str>, x_api_key: Option<&str>) -> bool {
        key_of(authorization, x_api_key).is_some_and(|key| self.opens(key))
    }

    /// Lets those in whose headers carry a key that opens.
    ///
    /// # Errors
    /// `unauthorized`; `rate_limited` for an address with too many wrong keys in the last minute.
    pub fn check(
        &self,
        headers: &HeaderMap,
        ip: std::net::IpAddr,
        clock: &dyn Clock,
    ) -> Result<(), HttpFault> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        match key_of(text(&header::AUTHORIZATION), text(&X_API_KEY)) {
            None => Err(HttpFault::new(
                ErrorCode::Unauthorized,
                "an API key is needed: Authorization: Bearer <key>, or X-API-Key",
            )),
            Some(key) if self.opens(key) => Ok(()),
            Some(_) => Err(self.failed(ip, clock)),
        }
    }

    fn failed(&self, ip: std::net::IpAddr, clock: &dyn Clock) -> HttpFault {
        let now = clock.monotonic();
        let mut failures = self.failures.lock();
        if failures.len() > 10_000 {
            failures.retain(|_, bucket| !bucket.is_full(now));
        }
        let rate = Rate::per_minute(FAILURES_PER_MINUTE, FAILURES_PER_MINUTE);
        match failures.entry(ip).or_default().take(rate, now) {
            Ok(()) => HttpFault::new(ErrorCode::Unauthorized, "this API key is not known"),
            Err(wait_ms) => tidings_protocol::Fault::rate_limited("too many wrong API keys", wait_ms).into(),
        }
    }
}

/// What names a request's key in the audit log and tells nothing of it: the first eight hexadecimal digits of its SHA-256.
pub(crate) fn fingerprint(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let key = key_of(text(&header::AUTHORIZATION), text(&X_API_KEY))?;
    Some(sha256(key.as_bytes()).as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect())
}

fn key_of<'a>(authorization: Option<&'a str>, x_api_key: Option<&'a str>) -> Option<&'a str> {
    authorization.and_then(bearer).or(x_api_key)
}

/// The credentials of an `Authorization: Bearer` header (RFC 6750; the scheme's case does not matter).
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, credentials) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}

fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}
