//! What a hostile client can make a connection cost: never more than the limits say, and nothing for a promise alone.

use std::ops::ControlFlow;

use tidings_websocket::encode::{Head, frame};
use tidings_websocket::{Decoder, Limits, Message, Opcode, ProtocolError, Role, deflate};

const MASK: Option<[u8; 4]> = Some([1, 2, 3, 4]);

fn server(limits: Limits) -> Decoder {
    Decoder::new(Role::Server, limits, true)
}

fn client(fin: bool, compressed: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame(Head { fin, compressed, opcode, mask: MASK }, payload, &mut out);
    out
}

/// Lengths of the data messages that `bytes` complete, and the error.
fn lengths(decoder: &mut Decoder, mut bytes: Vec<u8>) -> (Vec<usize>, Result<(), ProtocolError>) {
    let mut seen = Vec::new();
    let outcome = decoder.decode(&mut bytes, &mut |message| {
        if let Message::Binary(bytes) = message {
            seen.push(bytes.len());
        }
        ControlFlow::Continue(())
    });
    (seen, outcome)
}

#[test]
fn the_defaults_are_64_kib_in_1024_fragments() {
    assert_eq!(Limits::default(), Limits { message_bytes: 65536, fragments: 1024 });
}

#[test]
fn a_frame_of_50_mb_is_refused_at_its_head() {
    let mut decoder = server(Limits::default());
    let head = [&[0x82, 0x80 | 127], &50_000_000_u64.to_be_bytes()[..]].concat();
    assert_eq!(lengths(&mut decoder, head), (vec![], Err(ProtocolError::TooBig)));
    assert_eq!(decoder.buffered_bytes(), 0);
}

#[test]
fn an_announced_length_buys_no_memory() {
    let mut decoder = server(Limits { message_bytes: 50_000_000, fragments: 1 });
    let mut head = client(true, false, Opcode::Binary, &vec![0; 40_000_000]);
    head.truncate(20);
    assert_eq!(lengths(&mut decoder, head), (vec![], Ok(())));
    assert!((1..1024).contains(&decoder.buffered_bytes()), "{}", decoder.buffered_bytes());
    // What has come costs at most about twice its size, and nothing once the message is complete.
    let came = vec![1; 1 << 20];
    assert_eq!(lengths(&mut decoder, came), (vec![], Ok(())));
    assert!(decoder.buffered_bytes() < (2 << 20) + 1024, "{}", decoder.buffered_bytes());
    let rest = vec![1; 40_000_000 + 14 - 20 - (1 << 20)];
    assert_eq!(lengths(&mut decoder, rest), (vec![40_000_000], Ok(())));
    assert_eq!(decoder.buffered_bytes(), 0);
}

#[test]
fn a_message_of_the_limit_passes_and_one_byte_more_does_not() {
    let limits = Limits { message_bytes: 1000, fragments: 10 };
    let of = |first: usize, last: usize| {
        let first = client(false, false, Opcode::Binary, &vec![0; first]);
        [first, client(true, false, Opcode::Continuation, &vec![0; last])].concat()
    };
    let whole = |length| client(true, false, Opcode::Binary, &vec![0; length]);
    assert_eq!(lengths(&mut server(limits), whole(1000)), (vec![1000], Ok(())));
    assert_eq!(lengths(&mut server(limits), whole(1001)), (vec![], Err(ProtocolError::TooBig)));
    assert_eq!(
        lengths(&mut server(limits), [of(600, 400), of(1000, 0)].concat()),
        (vec![1000, 1000], Ok(()))
    );
    // The sum counts, and is known at the last fragment's head.
    let mut over = of(600, 401);
    over.truncate(over.len() - 401 - 4);
    assert_eq!(lengths(&mut server(limits), over), (vec![], Err(ProtocolError::TooBig)));
}

#[test]
fn a_control_frame_inside_a_full_message_has_its_own_room() {
    let limits = Limits { message_bytes: 10, fragments: 2 };
    let bytes = [
        client(false, false, Opcode::Binary, &[0; 10]),
        client(true, false, Opcode::Ping, &[0; 125]),
        client(true, false, Opcode::Continuation, &[]),
    ];
    assert_eq!(lengths(&mut server(limits), bytes.concat()), (vec![10], Ok(())));
}

#[test]
fn a_hundred_thousand_tiny_fragments_are_refused() {
    for payload in [&b""[..], b"x"] {
        let mut decoder = server(Limits::default());
        let mut bytes = client(false, false, Opcode::Binary, payload);
        let next = client(false, false, Opcode::Continuation, payload);
        (1..100_000).for_each(|_| bytes.extend_from_slice(&next));
        assert_eq!(lengths(&mut decoder, bytes), (vec![], Err(ProtocolError::TooManyFragments)));
        assert_eq!(decoder.buffered_bytes(), 0);
    }
}

#[test]
fn exactly_as_many_fragments_as_allowed_pass_and_pings_do_not_count() {
    let limits = Limits { message_bytes: 100, fragments: 3 };
    let first = client(false, false, Opcode::Binary, b"a");
    let next = client(false, false, Opcode::Continuation, b"b");
    let last = client(true, false, Opcode::Continuation, b"c");
    let ping = client(true, false, Opcode::Ping, b"");
    let three = [&first[..], &ping, &ping, &ping, &next, &ping, &last].concat();
    // Each message counts anew.
    assert_eq!(lengths(&mut server(limits), three.repeat(3)), (vec![3, 3, 3], Ok(())));
    let four = [&first[..], &next, &next, &last].concat();
    assert_eq!(lengths(&mut server(limits), four), (vec![], Err(ProtocolError::TooManyFragments)));
}

#[test]
fn a_compressed_message_counts_by_what_it_inflates_to() {
    let limits = Limits { message_bytes: 65536, fragments: 10 };
    let compressed = |length: usize| {
        let mut deflated = Vec::new();
        deflate::compress(&vec![0; length], &mut deflated);
        assert!(deflated.len() < 65536);
        client(true, true, Opcode::Binary, &deflated)
    };
    assert_eq!(lengths(&mut server(limits), compressed(65536)), (vec![65536], Ok(())));
    for length in [65537, 4 << 20] {
        let mut decoder = server(limits);
        assert_eq!(lengths(&mut decoder, compressed(length)), (vec![], Err(ProtocolError::TooBig)));
        assert_eq!(decoder.buffered_bytes(), 0);
    }
}

#[test]
fn a_message_that_does_not_compress_is_not_refused_for_growing() {
    let limits = Limits { message_bytes: 4096, fragments: 10 };
    // A de Bruijn-like walk: no three bytes come twice, so nothing repeats.
    let noise: Vec<u8> =
        (0..4096_u32).map(|at| (at.wrapping_mul(at).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut deflated = Vec::new();
    deflate::compress(&noise, &mut deflated);
    assert!(deflated.len() > 4096, "{}", deflated.len());
    let frame = client(true, true, Opcode::Binary, &deflated);
    assert_eq!(lengths(&mut server(limits), frame), (vec![4096], Ok(())));
    // But what is announced beyond any such growth is refused at its head.
    let head = [&[0xc2, 0x80 | 126], &6000_u16.to_be_bytes()[..]].concat();
    assert_eq!(lengths(&mut server(limits), head), (vec![], Err(ProtocolError::TooBig)));
}
