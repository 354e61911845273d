//! Just enough of RFC 6455 for a client that receives millions of frames: finds whole frames in what was read, writes masked
//! ones. The server's side is `tidings-websocket`; this one must cost next to nothing.

/// A text message.
pub(crate) const TEXT: u8 = 1;
/// The peer ends the connection.
pub(crate) const CLOSE: u8 = 8;
/// Asks for a sign of life.
pub(crate) const PING: u8 = 9;
/// Gives it.
pub(crate) const PONG: u8 = 10;

/// A key as good as any: nothing between two loopback sockets needs protection from chosen bytes.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One whole frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    pub(crate) payload: &'a [u8],
}

/// The frame at the start of what a server sent, and how many bytes it took. `Ok(None)`: not whole yet.
///
/// # Errors
///
/// What the server may not send here: masked, compressed or fragmented frames.
pub(crate) fn next(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, &'static str> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0xf0 != 0x80 {
        return Err("a fragmented or compressed frame, which was not asked for");
    }
    let (length, head): (usize, usize) = match second {
        0..=125 => (usize::from(*second), 2),
        126 => match rest.first_chunk() {
            Some(length) => (usize::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX), 10),
            None => return Ok(None),
        },
        _ => return Err("a masked frame from a server"),
    };
    let Some(end) = head.checked_add(length) else { return Err("a frame longer than memory") };
    let Some(payload) = bytes.get(head..end) else { return Ok(None) };
    Ok(Some((Frame { opcode: first & 15, payload }, end)))
}

/// Appends a client's frame with at most 65,535 bytes of payload.
pub(crate) fn write_client(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match u16::try_from(payload.len()).unwrap_or(u16::MAX) {
        length @ 0..=125 => out.push(0x80 | length as u8),
        length => {
            out.push(0x80 | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(
        payload.iter().take(usize::from(u16::MAX)).zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask),
    );
}

/// Appends the head of a server's text frame.
pub(crate) fn write_server_head(length: usize, out: &mut Vec<u8>) {
    out.push(0x80 | TEXT);
    match length {
        0..=125 => out.push(length as u8),
        126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_of_every_length() {
        for length in [0, 1, 125, 126, 300, 0xffff, 0x10000] {
            let mut bytes = Vec::new();
            write_server_head(length, &mut bytes);
            bytes.resize(bytes.len() + length, b'x');
            assert_eq!(next(&bytes[..bytes.len() - 1]).unwrap(), None);
            let size = bytes.len();
            bytes.push(0x81);
            let (frame, used) = next(&bytes).unwrap().unwrap();
            assert_eq!((frame.opcode, frame.payload.len(), used), (TEXT, length, size));
        }
        assert!(next(&[0xc1, 0]).is_err());
        assert!(next(&[0x81, 0x80]).is_err());
    }

    #[test]
    fn a_client_frame_is_what_the_server_decodes() {
        let mut bytes = Vec::new();
        let text = "x".repeat(300);
        write_client(TEXT, text.as_bytes(), &mut bytes);
        write_client(PONG, b"", &mut bytes);
        let limits = tidings_websocket::Limits::default();
        let mut decoder = tidings_websocket::Decoder::new(tidings_websocket::Role::Server, limits, false);
        let mut seen = Vec::new();
        let mut sink = |message: tidings_websocket::Message<'_>| {
            seen.push(format!("{message:?}"));
            std::ops::ControlFlow::Continue(())
        };
        decoder.decode(&mut bytes, &mut sink).unwrap();
        assert_eq!(seen, [format!("Text({text:?})"), "Pong([])".to_owned()]);
    }
}
