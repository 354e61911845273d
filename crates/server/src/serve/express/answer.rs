//! What the express lane answers: byte by byte what hyper would.

use std::{
    cell::RefCell,
    time::{Duration, UNIX_EPOCH},
};

use axum::response::Response;
use http::{StatusCode, header};
use http_body_util::BodyExt;

use crate::{App, api};

/// Room for all that stands before the body of an answer without a fault.
const HEAD_BYTES: usize = 160;

thread_local! {
    /// The second that the date is of, and the date: writing it costs more than the rest of the head.
    static DATE: RefCell<(u64, String)> = RefCell::default();
}

/// An answer, ready to be sent.
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// The connection ends with it.
    pub(super) is_last: bool,
}

/// Publishes what a simple request's body says.
pub(super) async fn to(app: &App, body: &[u8]) -> Answer {
    let outcome = api::publish_directly(app, body).await;
    let is_last = app.is_draining();
    let head = Head { second: app.tidings.clock().now().millis() / 1000, is_last };
    let bytes = match outcome {
        Ok(json) => {
            let kind = (header::CONTENT_TYPE.as_str(), &b"application/json"[..]);
            head.with(StatusCode::ACCEPTED, [kind].into_iter(), &json)
        }
        // Boxed: rare, and the room for it would be every connection's.
        Err(response) => Box::pin(head.with_response(response)).await,
    };
    Answer { bytes, is_last }
}

/// What all answers have in common.
#[derive(Clone, Copy)]
struct Head {
    second: u64,
    is_last: bool,
}

impl Head {
    /// A response whose body is in memory.
    async fn with_response(self, response: Response) -> Vec<u8> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        self.with(parts.status, headers, &body)
    }

    fn with<'a>(
        self,
        status: StatusCode,
        headers: impl Iterator<Item = (&'a str, &'a [u8])>,
        body: &[u8],
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_BYTES + body.len());
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(status.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        for (name, value) in headers {
            field(&mut out, name, value);
        }
        if self.is_last {
            field(&mut out, header::CONNECTION.as_str(), b"close");
        }
        field(&mut out, header::CONTENT_LENGTH.as_str(), itoa::Buffer::new().format(body.len()).as_bytes());
        DATE.with_borrow_mut(|(second, date)| {
            if *second != self.second || date.is_empty() {
                let time = UNIX_EPOCH + Duration::from_secs(self.second);
                (*second, *date) = (self.second, httpdate::fmt_http_date(time));
            }
            field(&mut out, header::DATE.as_str(), date.as_bytes());
        });
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(body);
        out
    }
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_byte_by_byte() {
        let text = |second, is_last| {
            let headers = [("a", &b"b"[..])];
            let bytes = Head { second, is_last }.with(StatusCode::ACCEPTED, headers.into_iter(), b"{}");
            String::from_utf8(bytes).unwrap()
        };
        let expect = |close, date| {
            format!("HTTP/1.1 202 Accepted\r\na: b\r\n{close}content-length: 2\r\ndate: {date}\r\n\r\n{{}}")
        };
        assert_eq!(text(784_111_777, false), expect("", "Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(text(784_111_777, true), expect("connection: close\r\n", "Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(text(784_111_778, false), expect("", "Sun, 06 Nov 1994 08:49:38 GMT"));
        assert_eq!(text(0, false), expect("", "Thu, 01 Jan 1970 00:00:00 GMT"));
    }
}
