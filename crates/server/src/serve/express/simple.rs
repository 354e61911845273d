//! Which requests the express lane knows.

use crate::{App, api, auth::ApiKeys};

/// The request line, and all there may be in it.
const LINE: &[u8] = b"POST /v1/publish HTTP/1.1\r\n";
/// Most headers of a simple request.
const HEADERS_MAX: usize = 32;
/// Headers that change what a request means or how it is answered.
const UNUSUAL: [&str; 4] = ["transfer-encoding", "expect", "upgrade", api::idempotency::HEADER];

/// A publish by somebody with a good key.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Simple<'a> {
    pub(super) body: &'a [u8],
    /// Of the whole request, in bytes.
    pub(super) length: usize,
}

/// The request at the beginning of what came, if it is all there and simple.
pub(super) fn simple<'a>(came: &'a [u8], app: &App) -> Option<Simple<'a>> {
    of(came, app.settings.limits.body_bytes, &app.api_keys)
}

fn of<'a>(came: &'a [u8], body_bytes_max: usize, keys: &ApiKeys) -> Option<Simple<'a>> {
    let rest = came.strip_prefix(LINE)?;
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let httparse::Status::Complete((head, headers)) = httparse::parse_headers(rest, &mut headers).ok()?
    else {
        return None;
    };
    let (mut length, mut host, mut authorization, mut x_api_key) = (None, None, None, None);
    for header in headers {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let only = if is("content-length") {
            &mut length
        } else if is("host") {
            &mut host
        } else if is("authorization") {
            &mut authorization
        } else if is("x-api-key") {
            &mut x_api_key
        } else if UNUSUAL.into_iter().any(is)
            || is("connection") && !header.value.eq_ignore_ascii_case(b"keep-alive")
        {
            return None;
        } else {
            continue;
        };
        let value = str::from_utf8(header.value).ok().filter(|value| value.is_ascii())?;
        if only.replace(value).is_some() {
            return None;
        }
    }
    host?;
    let length = length.filter(|length| length.bytes().all(|byte| byte.is_ascii_digit()))?;
    let length = length.parse().ok().filter(|length| *length <= body_bytes_max)?;
    let body = rest.get(head..)?.get(..length)?;
    keys.open_to(authorization, x_api_key).then_some(Simple { body, length: LINE.len() + head + length })
}

#[cfg(test)]
mod tests {
    use tidings_settings::Secret;

    use super::*;

    const KEY: &str = "Authorization: Bearer good";

    fn is_simple(request: &str) -> bool {
        let keys = ApiKeys::new(&[Secret::new("good")]);
        let simple = of(request.as_bytes(), 5, &keys);
        if let Some(simple) = &simple {
            assert_eq!(simple.length, request.trim_end_matches("behind").len());
            assert_eq!(simple.body, &b"{\"to\"}"[..simple.body.len()]);
        }
        simple.is_some()
    }

    fn with(headers: &str) -> String {
        format!("POST /v1/publish HTTP/1.1\r\n{headers}\r\n\r\n{{\"to\"")
    }

    #[test]
    fn what_is_simple() {
        for headers in [
            format!("Host: x\r\n{KEY}\r\nContent-Length: 5"),
            "hOST: x\r\nX-API-KEY: good\r\ncontent-length:5".into(),
            "Host: x\r\nAuthorization: Basic YTpi\r\nX-API-Key: good\r\nContent-Length: 5".into(),
            format!("Host: x\r\n{KEY}\r\nX-API-Key: other\r\nContent-Length: 05"),
            format!("Host:\r\n{KEY}\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\nX-Else: \u{fc}"),
            format!("{}Host: x\r\n{KEY}\r\nContent-Length: 5", "X: y\r\n".repeat(29)),
        ] {
            assert!(is_simple(&with(&headers)), "{headers}");
            assert!(is_simple(&(with(&headers) + "behind")), "{headers}");
        }
        assert!(is_simple(&format!(
            "POST /v1/publish HTTP/1.1\r\nHost: x\r\n{KEY}\r\nContent-Length: 0\r\n\r\n"
        )));
    }

    #[test]
    fn what_is_not_whole() {
        let request = with(&format!("Host: x\r\n{KEY}\r\nContent-Length: 5"));
        for length in 0..request.len() {
            assert!(!is_simple(&request[..length]), "{length}");
        }
    }

    #[test]
    fn what_has_another_first_line() {
        let headers = format!("Host: x\r\n{KEY}\r\nContent-Length: 5\r\n\r\n{{\"to\"");
        for line in [
            "GET /v1/publish HTTP/1.1\r\n",
            "post /v1/publish HTTP/1.1\r\n",
            "POST /v1/publish HTTP/1.0\r\n",
            "POST /v1/publish HTTP/1.1\n",
            "\r\nPOST /v1/publish HTTP/1.1\r\n",
            "POST /v1/publish? HTTP/1.1\r\n",
            "POST /v1/publish/ HTTP/1.1\r\n",
            "POST /v1/publish/batch HTTP/1.1\r\n",
            "POST http://x/v1/publish HTTP/1.1\r\n",
            "POST  /v1/publish HTTP/1.1\r\n",
        ] {
            assert!(!is_simple(&format!("{line}{headers}")), "{line}");
        }
    }

    #[test]
    fn what_is_unusual() {
        let good = format!("Host: x\r\n{KEY}\r\nContent-Length: 5");
        for header in [
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Upgrade: websocket",
            "Idempotency-Key: a",
            "Connection: close",
            "Connection: keep-alive, close",
            "Connection: Upgrade",
            "Host: x",
            "Content-Length: 5",
            "Authorization: Bearer good",
            "X-API-Key: \u{fc}",
            "X-API-Key: good\r\nX-API-Key: good",
            "No colon",
            " folded",
            ": nameless",
            "Spaced : x",
            "X-Zero: \0",
        ] {
            assert!(!is_simple(&with(&format!("{good}\r\n{header}"))), "{header}");
        }
        for headers in [
            format!("{KEY}\r\nContent-Length: 5"),
            format!("Host: x\r\n{KEY}"),
            "Host: x\r\nContent-Length: 5".into(),
            "Host: x\r\nAuthorization: Bearer wrong\r\nContent-Length: 5".into(),
            "Host: x\r\nAuthorization: Bearer wrong\r\nX-API-Key: good\r\nContent-Length: 5".into(),
            "Host: x\r\nAuthorization: good\r\nContent-Length: 5".into(),
            format!("{}Host: x\r\n{KEY}\r\nContent-Length: 5", "X: y\r\n".repeat(30)),
        ] {
            assert!(!is_simple(&with(&headers)), "{headers}");
        }
    }

    #[test]
    fn what_has_no_good_length() {
        for length in ["", "+5", "-5", "5, 5", "5.0", "0x5", "5 5", "99999999999999999999999"] {
            assert!(!is_simple(&with(&format!("Host: x\r\n{KEY}\r\nContent-Length: {length}"))), "{length}");
        }
        let too_large = with(&format!("Host: x\r\n{KEY}\r\nContent-Length: 6")) + "}";
        assert!(!is_simple(&too_large), "hyper's side says what is too large");
    }
}
