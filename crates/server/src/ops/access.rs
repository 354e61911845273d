//! Who may look at what only operators should see: whoever has an API key, and without one the addresses in
//! `security.admin_allow`.
//!
//! An address is easily believed too much: behind a reverse proxy on the same machine, every request of the world comes from
//! 127.0.0.1. So a request that shows a proxy's traces counts only where the proxy is trusted and says whom it speaks for.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, header};
use tidings_protocol::ErrorCode;

use crate::{App, origin, problem::HttpFault};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Headers that only proxies write.
const TRACES: [&str; 7] = [
    "forwarded",
    FORWARDED_FOR,
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-real-ip",
    "via",
];

/// Lets back ends in.
///
/// # Errors
/// `unauthorized`, and `rate_limited` after too many wrong keys.
pub(crate) fn check_key(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Result<(), HttpFault> {
    let ip = origin::ip(headers, extensions, &app.settings.server.trusted_proxies);
    app.api_keys.check(headers, ip, app.tidings.clock())
}

/// Lets back ends in, and the addresses of operators.
///
/// # Errors
/// As [`check_key`].
pub(crate) fn check(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Result<(), HttpFault> {
    if headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-api-key") {
        return check_key(app, headers, extensions);
    }
    if is_allowed_address(app, headers, extensions) {
        return Ok(());
    }
    let message =
        "an API key is needed, or an address in security.admin_allow that no proxy stands in front of";
    Err(HttpFault::new(ErrorCode::Unauthorized, message))
}

fn is_allowed_address(app: &App, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let trusted = &app.settings.server.trusted_proxies;
    let is_trusted = |ip| trusted.iter().any(|range| range.contains(ip));
    let Some(peer) = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()) else {
        return false;
    };
    let ip = match TRACES.iter().any(|name| headers.contains_key(*name)) {
        false => peer,
        true if !is_trusted(peer) || !headers.contains_key(FORWARDED_FOR) => return false,
        true => origin::ip(headers, extensions, trusted),
    };
    // Where the chain ends at a proxy, nobody knows who stands behind it.
    !is_trusted(ip) && app.settings.security.admin_allow.iter().any(|range| range.contains(ip))
}
