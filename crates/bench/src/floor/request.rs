//! The three requests the floor knows, found by scanning for the few bytes that matter.

use std::hash::{DefaultHasher, Hasher};

use memchr::memmem;

use crate::frame;
use crate::http::{self, Extent};

/// What a request wants.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// To become a WebSocket.
    Upgrade { key: &'a str, user: u64, room: u64 },
    /// One frame to every WebSocket of a room.
    ToRoom { room: u64, data: &'a [u8] },
    /// One frame to one user's WebSocket.
    ToUser { user: u64, data: &'a [u8] },
}

impl<'a> Request<'a> {
    /// Reads a whole request. `None`: it is none of the three.
    pub(super) fn scan(request: &'a [u8], extent: Extent) -> Option<Self> {
        let (head, body) = request.split_at(extent.head);
        if head.starts_with(b"GET ") {
            let line = &head[..memchr::memchr(b'\r', head)?];
            let user = between(line, b"user=", b" &").map_or(0, hash);
            let room = between(line, b"room=", b" &").map_or(0, hash);
            return Some(Self::Upgrade { key: http::header(head, b"sec-websocket-key")?, user, room });
        }
        let from = memmem::find(body, b"\"data\":")? + b"\"data\":".len();
        // The generator writes `data` last, so it ends before the body's own brace.
        let data = body.get(from..body.len() - 1)?;
        match between(&body[..from], b"\"room\":\"", b"\"") {
            Some(room) => Some(Self::ToRoom { room: hash(room), data }),
            None => Some(Self::ToUser { user: hash(between(&body[..from], b"\"user\":\"", b"\"")?), data }),
        }
    }
}

/// What follows `start` up to any of the bytes in `ends`.
fn between<'a>(bytes: &'a [u8], start: &[u8], ends: &[u8]) -> Option<&'a [u8]> {
    let rest = &bytes[memmem::find(bytes, start)? + start.len()..];
    let end = rest.iter().position(|byte| ends.contains(byte))?;
    Some(&rest[..end])
}

fn hash(user: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(user);
    hasher.finish()
}

/// Appends the entry's frame.
pub(super) fn write_frame(data: &[u8], out: &mut Vec<u8>) {
    const HEAD: &[u8] = br#"{"type":"bench","data":"#;
    frame::write_server_head(HEAD.len() + data.len() + 1, out);
    out.extend_from_slice(HEAD);
    out.extend_from_slice(data);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(request: &[u8]) -> Option<Request<'_>> {
        Request::scan(request, Extent::of(request)?)
    }

    #[test]
    fn the_three_requests() {
        let mut request = Vec::new();
        http::write_upgrade("/v1/ws?token=x&user=bench-1&room=r", "h", "k==", &mut request);
        let (user, room) = (hash(b"bench-1"), hash(b"r"));
        assert_eq!(scan(&request), Some(Request::Upgrade { key: "k==", user, room }));
        let check = |to: &str, expect: Request<'_>| {
            let mut request = Vec::new();
            let body = format!(r#"{{"to":{{{to}}},"type":"bench","data":{{"user":1}}}}"#);
            http::write_post("/v1/publish", "h", "key", body.as_bytes(), &mut request);
            assert_eq!(scan(&request), Some(expect));
        };
        check(r#""room":"r""#, Request::ToRoom { room, data: br#"{"user":1}"# });
        check(r#""user":"bench-1""#, Request::ToUser { user, data: br#"{"user":1}"# });
        assert_eq!(scan(b"PUT / HTTP/1.1\r\n\r\n"), None);
    }
}
