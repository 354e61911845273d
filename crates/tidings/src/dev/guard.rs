//! Whether a request comes from this machine's own browser, on the demo's own page.
//!
//! Listening on loopback keeps other machines out, but not other pages in this machine's browser. A page whose name
//! was pointed at 127.0.0.1 (DNS rebinding) still sends its own name as `Host`; a page that fetches from the demo's address
//! says so in `Sec-Fetch-Site`.

use http::{HeaderMap, header};

/// Names of this machine that nobody else's DNS can answer for.
const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether a request may see the session's keys; else what is wrong with it.
pub(super) fn check(headers: &HeaderMap, port: u16) -> Result<(), &'static str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().unwrap_or_default(),
        _ => "",
    };
    if !is_loopback(host, port) {
        return Err("the Host header must be 127.0.0.1, localhost or [::1] with the server's port");
    }
    // `none`: typed into the address bar. Absent: no browser, or one from before 2023.
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if !sites.all(|site| site == "same-origin" || site == "none") {
        return Err("only the demo's own page may ask for this");
    }
    Ok(())
}

fn is_loopback(host: &str, port: u16) -> bool {
    // Without a port it is HTTP's own.
    let (name, asked) = match host.rsplit_once(':') {
        Some((name, digits)) if !digits.ends_with(']') => (name, digits.parse().ok()),
        _ => (host, Some(80)),
    };
    asked == Some(port) && LOOPBACK_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(host: Option<&str>, site: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, host.parse().unwrap());
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", site.parse().unwrap());
        }
        check(&headers, 8000).is_ok()
    }

    #[test]
    fn this_machine_by_its_own_names() {
        for host in ["127.0.0.1:8000", "localhost:8000", "LocalHost:8000", "[::1]:8000"] {
            assert!(asks(Some(host), None), "{host}");
        }
        assert!(is_loopback("localhost", 80));
        assert!(is_loopback("[::1]", 80));
    }

    #[test]
    fn names_that_others_control() {
        let foreign = [
            "evil.example:8000",
            "127.0.0.1.evil.example:8000",
            "localhost:8001",
            "localhost",
            "",
            ":8000",
            "[::1]",
        ];
        for host in foreign {
            assert!(!asks(Some(host), None), "{host}");
        }
        assert!(!asks(None, None));
        let mut two = HeaderMap::new();
        two.append(header::HOST, "localhost:8000".parse().unwrap());
        two.append(header::HOST, "evil.example".parse().unwrap());
        assert!(check(&two, 8000).is_err());
    }

    #[test]
    fn pages_of_others() {
        assert!(asks(Some("localhost:8000"), Some("same-origin")));
        assert!(asks(Some("localhost:8000"), Some("none")));
        assert!(!asks(Some("localhost:8000"), Some("cross-site")));
        assert!(!asks(Some("localhost:8000"), Some("same-site")), "another port of localhost is same-site");
    }
}
