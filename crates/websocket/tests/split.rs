//! However the network cuts a conversation into reads, the same messages come out of it, and the same error.

mod traffic;

use proptest::collection::vec;
use proptest::prelude::*;
use tidings_websocket::{Decoder, Limits, Role};
use traffic::{Received, Sent, decode, traffic, written};

const LIMITS: Limits = Limits { message_bytes: 1 << 20, fragments: 16 };

fn server() -> Decoder {
    Decoder::new(Role::Server, LIMITS, true)
}

/// One conversation with everything in it, short enough to be cut at every two offsets.
fn fixed() -> (Vec<u8>, Vec<Received>) {
    let plain = |message| Sent {
        message,
        compressed: false,
        cuts: Vec::new(),
        between: Vec::new(),
        key: [0x37, 0xfa, 0x21, 0x3d],
    };
    let text = || plain(Received::Text("κόσμε, 世界, 🌍".to_owned()));
    let pings = |count| (1..=count).map(|byte| Received::Ping(vec![byte; 3])).collect();
    let conversation = [
        text(),
        plain(Received::Pong(vec![1, 2, 3])),
        // Cut inside characters, one fragment empty, with control frames between.
        Sent { cuts: vec![1, 14, 14], between: pings(4), ..text() },
        Sent { compressed: true, ..text() },
        Sent { compressed: true, cuts: vec![4], between: pings(2), ..text() },
        plain(Received::Binary(vec![7; 130])),
        plain(Received::Text(String::new())),
        plain(Received::Close(Some((4001, "token".to_owned())))),
    ];
    written(&conversation, true)
}

#[test]
fn one_conversation_cut_at_every_two_offsets() {
    let (bytes, expected) = fixed();
    assert_eq!(expected.len(), 12, "the conversation has its interleaved control frames");
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let mut decoder = server();
            let seen = decode(&mut decoder, &bytes, [first, second]);
            assert_eq!(seen, (expected.clone(), Ok(())), "cut at {first} and {second}");
            assert!(decoder.finished() && decoder.buffered_bytes() == 0);
        }
    }
}

#[test]
fn one_conversation_byte_by_byte() {
    let (bytes, expected) = fixed();
    assert_eq!(decode(&mut server(), &bytes, 0..bytes.len()), (expected, Ok(())));
}

/// Read ends at these places, modulo the length plus one and in order.
fn in_order(cuts: &[usize], length: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (length + 1)).collect();
    cuts.sort_unstable();
    cuts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_conversation_in_any_cuts(sent in traffic(true), cuts in vec(any::<usize>(), 0..40), from_client: bool) {
        let (bytes, expected) = written(&sent, from_client);
        let role = if from_client { Role::Server } else { Role::Client };
        let mut decoder = Decoder::new(role, LIMITS, true);
        let (seen, outcome) = decode(&mut decoder, &bytes, in_order(&cuts, bytes.len()));
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(decoder.buffered_bytes(), 0);
    }

    #[test]
    fn a_damaged_conversation_is_judged_alike_in_any_cuts(
        sent in traffic(true),
        damage in vec((any::<usize>(), any::<u8>()), 1..4),
        cuts in vec(any::<usize>(), 0..40),
    ) {
        let (mut bytes, _) = written(&sent, true);
        prop_assume!(!bytes.is_empty());
        let length = bytes.len();
        damage.iter().for_each(|(at, byte)| bytes[at % length] = *byte);
        let whole = decode(&mut server(), &bytes, []);
        prop_assert_eq!(decode(&mut server(), &bytes, in_order(&cuts, length)), whole);
    }

    #[test]
    fn garbage_never_panics_and_is_judged_alike_in_any_cuts(
        bytes in vec(any::<u8>(), 0..300),
        cuts in vec(any::<usize>(), 0..20),
        role in prop_oneof![Just(Role::Server), Just(Role::Client)],
        deflate: bool,
    ) {
        let decoder = || Decoder::new(role, LIMITS, deflate);
        let whole = decode(&mut decoder(), &bytes, []);
        prop_assert_eq!(decode(&mut decoder(), &bytes, in_order(&cuts, bytes.len())), whole);
    }
}
