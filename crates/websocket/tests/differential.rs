//! Client streams, valid and damaged, judged by tungstenite and by us: the same messages, and refused by one only if by the
//! other. tungstenite knows no compression, so it is off here.
//!
//! Where the two differ on purpose:
//!
//! - *Earlier.* We refuse at the first wrong byte; tungstenite waits for the whole frame, so at the end of a stream it may
//!   still be waiting for what we have refused.
//! - *Stricter.* We insist on the shortest form of a length (RFC 6455 section 5.2), so a control frame, which is never longer
//!   than 125 bytes, has one of one byte; tungstenite takes any.
//! - *Close codes.* tungstenite hands a bad code out as 1002 "Protocol violation", which counts as refused here. It also holds
//!   1014 for bad, which IANA has assigned.

mod traffic;

use std::io::{Cursor, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use tidings_websocket::{Decoder, Limits, ProtocolError, Role};
use tokio_tungstenite::tungstenite::protocol::{self, WebSocket, WebSocketConfig, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{self, Error};
use traffic::{Received, decode, traffic, written};

/// Small enough that damaged lengths often exceed it, and some valid messages too.
const LIMITS: Limits = Limits { message_bytes: 66_000, fragments: 1000 };

/// The client's bytes; what tungstenite answers is thrown away.
struct Wire(Cursor<Vec<u8>>);

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(out)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a close frame.
    Closed,
    /// The bytes ended, between messages or inside one.
    Open,
    Refused,
}

fn theirs(bytes: &[u8], role: protocol::Role) -> (Vec<Received>, End) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMITS.message_bytes))
        .max_frame_size(Some(LIMITS.message_bytes));
    let mut socket = WebSocket::from_raw_socket(Wire(Cursor::new(bytes.to_vec())), role, Some(config));
    let mut seen = Vec::new();
    loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => seen.push(Received::Text(text.to_string())),
            Ok(tungstenite::Message::Binary(bytes)) => seen.push(Received::Binary(bytes.to_vec())),
            Ok(tungstenite::Message::Ping(bytes)) => seen.push(Received::Ping(bytes.to_vec())),
            Ok(tungstenite::Message::Pong(bytes)) => seen.push(Received::Pong(bytes.to_vec())),
            Ok(tungstenite::Message::Close(Some(close)))
                if close.code == CloseCode::Protocol && close.reason == "Protocol violation" =>
            {
                return (seen, End::Refused);
            }
            Ok(tungstenite::Message::Close(close)) => {
                seen.push(Received::Close(close.map(|close| (close.code.into(), close.reason.to_string()))));
                return (seen, End::Closed);
            }
            Ok(tungstenite::Message::Frame(_)) => return (seen, End::Refused),
            Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                return (seen, End::Open);
            }
            Err(_) => return (seen, End::Refused),
        }
    }
}

fn ours(bytes: &[u8], role: Role) -> (Vec<Received>, End, Option<ProtocolError>) {
    let mut decoder = Decoder::new(role, LIMITS, false);
    let (seen, outcome) = decode(&mut decoder, bytes, []);
    let end = match outcome {
        Err(_) => End::Refused,
        Ok(()) if decoder.finished() => End::Closed,
        Ok(()) => End::Open,
    };
    (seen, end, outcome.err())
}

/// Fails unless both understand `bytes` alike, but for the differences above.
fn compare(bytes: &[u8], from_client: bool) -> Result<(), TestCaseError> {
    let (our_role, their_role) = match from_client {
        true => (Role::Server, protocol::Role::Server),
        false => (Role::Client, protocol::Role::Client),
    };
    let (seen, end, error) = ours(bytes, our_role);
    let (their_seen, their_end) = theirs(bytes, their_role);
    if matches!(error, Some(ProtocolError::BadLength | ProtocolError::ControlTooLong)) {
        prop_assert!(their_seen.starts_with(&seen));
        return Ok(());
    }
    if let [before @ .., Received::Close(Some((1014, _)))] = &seen[..] {
        prop_assert_eq!((before, End::Refused), (&their_seen[..], their_end));
        return Ok(());
    }
    prop_assert_eq!(&seen, &their_seen, "we ended {:?} {:?}, they {:?}", end, error, their_end);
    if (end, their_end) != (End::Refused, End::Open) {
        prop_assert_eq!(end, their_end, "{:?}", error);
    }
    Ok(())
}

#[test]
fn the_oracle_tells_the_three_ends_apart() {
    let text = [0x81, 0x81, 0, 0, 0, 0, b'x'];
    assert_eq!(theirs(&text, protocol::Role::Server), (vec![Received::Text("x".to_owned())], End::Open));
    assert_eq!(
        theirs(&[0x88, 0x80, 0, 0, 0, 0], protocol::Role::Server),
        (vec![Received::Close(None)], End::Closed)
    );
    assert_eq!(theirs(&[0x81, 0x01, b'x'], protocol::Role::Server), (vec![], End::Refused));
    // A close frame with 1006.
    assert_eq!(theirs(&[0x88, 0x82, 0, 0, 0, 0, 3, 0xee], protocol::Role::Server), (vec![], End::Refused));
}

/// Bytes that look like frames: heads near every rule's edge, with the payload they announce.
fn near_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => prop_oneof![Just(0x81_u8), Just(0x01), Just(0x82), Just(0x02), Just(0x80), Just(0x00), Just(0x89), Just(0x88)],
        1 => any::<u8>(),
    ];
    let length =
        prop_oneof![8 => 0..6_u64, 2 => 120..130_u64, 1 => 65_530..65_540_u64, 1 => 65_990..66_010_u64];
    let payload = prop_oneof![
        vec(any::<u8>(), 1..5),
        Just("é€🌍".as_bytes().to_vec()),
        Just(vec![3, 0xe8]),
        Just(vec![0xed, 0xa0])
    ];
    (first, length, 0..30_u8, payload).prop_map(|(first, length, odd, payload)| {
        let masked = if odd == 0 { 0 } else { 0x80 };
        let mut out = vec![first];
        match length {
            // Now and then longer than it needs to be.
            0..=125 if odd != 1 => out.push(masked | length as u8),
            0..=0xffff if odd != 2 => {
                out.push(masked | 126);
                out.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                out.push(masked | 127);
                out.extend_from_slice(&length.to_be_bytes());
            }
        }
        if masked != 0 {
            out.extend_from_slice(&[0; 4]);
        }
        out.extend(payload.iter().cycle().take(length as usize));
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn valid_streams(sent in traffic(false), from_client: bool) {
        let (bytes, expected) = written(&sent, from_client);
        compare(&bytes, from_client)?;
        // And neither of them is wrong about them, unless one is too long for the limit.
        let (seen, end, error) = ours(&bytes, if from_client { Role::Server } else { Role::Client });
        if error != Some(ProtocolError::TooBig) {
            prop_assert_ne!(end, End::Refused);
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn damaged_streams(
        sent in traffic(false),
        damage in vec((any::<usize>(), any::<u8>()), 1..5),
        keep in any::<usize>(),
        from_client: bool,
    ) {
        let (mut bytes, _) = written(&sent, from_client);
        prop_assume!(!bytes.is_empty());
        let length = bytes.len();
        damage.iter().for_each(|(at, byte)| bytes[at % length] = *byte);
        if keep % 2 == 0 {
            bytes.truncate(keep % length);
        }
        compare(&bytes, from_client)?;
    }

    #[test]
    fn streams_of_frames_near_the_edges_of_the_rules(frames in vec(near_frame(), 1..8)) {
        compare(&frames.concat(), true)?;
    }
}
