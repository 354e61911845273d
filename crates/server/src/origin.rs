//! Where a request comes from: its address, through proxies that are believed, and its web page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, header};
use tidings_settings::IpRange;

/// The client's address: the socket's, or what `X-Forwarded-For` says, read from the right as far as the proxies are trusted.
pub fn ip(headers: &HeaderMap, extensions: &Extensions, trusted: &[IpRange]) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    // Without a peer address (a router nested where nobody tells it) nothing is to be believed either.
    let mut ip = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let is_trusted = |ip: IpAddr| trusted.iter().any(|range| range.contains(ip));
    let forwarded = headers.get_all("x-forwarded-for").iter().rev().filter_map(|value| value.to_str().ok());
    for hop in forwarded.flat_map(|value| value.rsplit(',')) {
        if !is_trusted(ip) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(hop) => ip = hop.to_canonical(),
            Err(_) => break,
        }
    }
    ip
}

/// Whether the page that opens a socket may: none (not a browser), the server's own, or one of `server.allowed_origins`.
pub fn page_is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if allowed.iter().any(|one| one == "*" || one == origin) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    allowed.is_empty() && own.is_some() && own == host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip_of(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let trusted: Vec<IpRange> = trusted.iter().map(|range| range.parse().unwrap()).collect();
        ip(&headers, &extensions, &trusted).to_string()
    }

    #[test]
    fn forwarded_addresses_count_from_the_right_and_only_from_trusted_proxies() {
        assert_eq!(ip_of("1.2.3.4", &["9.9.9.9"], &[]), "1.2.3.4");
        assert_eq!(ip_of("10.0.0.1", &["9.9.9.9"], &["10.0.0.0/8"]), "9.9.9.9");
        assert_eq!(
            ip_of("10.0.0.1", &["6.6.6.6, 9.9.9.9"], &["10.0.0.0/8"]),
            "9.9.9.9",
            "the left is the client's own word"
        );
        assert_eq!(ip_of("10.0.0.1", &["6.6.6.6", "9.9.9.9, 10.0.0.2"], &["10.0.0.0/8"]), "9.9.9.9");
        assert_eq!(ip_of("10.0.0.1", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(ip_of("::ffff:10.0.0.1", &["9.9.9.9"], &["10.0.0.0/8"]), "9.9.9.9");
    }

    fn allowed(origin: Option<&str>, host: &str, list: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        page_is_allowed(&headers, &list.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn origins_are_compared_whole() {
        assert!(allowed(None, "h:1", &[]));
        assert!(allowed(Some("http://h:1"), "h:1", &[]));
        assert!(!allowed(Some("http://h:2"), "h:1", &[]));
        assert!(!allowed(Some("null"), "h:1", &[]));
        assert!(allowed(Some("https://app.example"), "h:1", &["https://app.example"]));
        assert!(!allowed(Some("https://app.example.evil"), "h:1", &["https://app.example"]));
        assert!(!allowed(Some("https://evil/https://app.example"), "h:1", &["https://app.example"]));
        assert!(!allowed(Some("http://h:1"), "h:1", &["https://app.example"]), "a list is the whole list");
        assert!(allowed(Some("https://any"), "h:1", &["*"]));
    }
}
