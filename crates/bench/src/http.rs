//! Just enough of HTTP/1.1 for both ends: requests as bytes, the head of an answer, nothing else.

use memchr::memmem;

/// The end of a head.
const BLANK: &[u8] = b"\r\n\r\n";

/// Appends the request that opens a WebSocket.
pub(crate) fn write_upgrade(path: &str, host: &str, key: &str, out: &mut Vec<u8>) {
    for part in [
        "GET ",
        path,
        " HTTP/1.1\r\nHost: ",
        host,
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ",
        key,
        "\r\n\r\n",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends a request without a body that leaves the connection open.
pub(crate) fn write_get(path: &str, host: &str, api_key: &str, out: &mut Vec<u8>) {
    for part in ["GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\nAuthorization: Bearer ", api_key, "\r\n\r\n"]
    {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends a request with a JSON body that leaves the connection open.
pub(crate) fn write_post(path: &str, host: &str, api_key: &str, body: &[u8], out: &mut Vec<u8>) {
    let length = body.len().to_string();
    for part in [
        "POST ",
        path,
        " HTTP/1.1\r\nHost: ",
        host,
        "\r\nAuthorization: Bearer ",
        api_key,
        "\r\nContent-Type: application/json\r\nContent-Length: ",
        &length,
        "\r\n\r\n",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(body);
}

/// Where a request or an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes of the head, with the blank line.
    pub(crate) head: usize,
    /// Bytes of the body.
    pub(crate) body: usize,
}

impl Extent {
    /// Head and body.
    pub(crate) fn whole(self) -> usize {
        self.head.saturating_add(self.body)
    }

    /// Of what begins these bytes; `None` while the head is not whole. Without `Content-Length` the body is empty.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let head = memmem::find(bytes, BLANK)? + BLANK.len();
        let length = header(&bytes[..head], b"content-length").and_then(|value| value.parse().ok());
        Some(Self { head, body: length.unwrap_or(0) })
    }
}

/// A header's value. `name` in lower case.
pub(crate) fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let mut rest = head;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = &rest[..end];
        if line.len() > name.len()
            && line[name.len()] == b':'
            && line[..name.len()].eq_ignore_ascii_case(name)
        {
            return std::str::from_utf8(&line[name.len() + 1..]).ok().map(str::trim);
        }
        rest = &rest[end + 1..];
    }
    None
}

/// The status of an answer; 0 when it is none.
pub(crate) fn status(head: &[u8]) -> u16 {
    let digits = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_and_an_answer() {
        let mut request = Vec::new();
        write_post("/v1/publish", "127.0.0.1:1", "key", b"{}", &mut request);
        let extent = Extent::of(&request).unwrap();
        assert_eq!((extent.whole(), extent.body), (request.len(), 2));
        assert_eq!(header(&request, b"authorization"), Some("Bearer key"));
        assert_eq!(Extent::of(&request[..40]), None);
        assert_eq!(status(b"HTTP/1.1 202 Accepted\r\n\r\n"), 202);
        assert_eq!(status(b"HTTP"), 0);
    }
}
