//! Traffic for the tests beside this folder: random valid conversations with what must be understood of them, and a way to
//! decode bytes in any cuts. Written from the RFC, not from the decoder, so that one can prove the other wrong.

use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;
use tidings_websocket::encode::{Head, frame};
use tidings_websocket::{Decoder, Message, Opcode, ProtocolError, deflate};

/// A message that outlives its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Received {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Message<'_>> for Received {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.to_owned()),
            Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Message::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Message::Close(close) => Self::Close(close.map(|close| (close.code, close.reason.to_owned()))),
        }
    }
}

impl Received {
    fn opcode(&self) -> Opcode {
        match self {
            Self::Text(_) => Opcode::Text,
            Self::Binary(_) => Opcode::Binary,
            Self::Ping(_) => Opcode::Ping,
            Self::Pong(_) => Opcode::Pong,
            Self::Close(_) => Opcode::Close,
        }
    }

    fn payload(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes.clone(),
            Self::Close(None) => Vec::new(),
            Self::Close(Some((code, reason))) => [&code.to_be_bytes(), reason.as_bytes()].concat(),
        }
    }
}

/// A message and how it is put on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) message: Received,
    pub(crate) compressed: bool,
    /// Where its payload is cut into fragments, anywhere, also inside a character; modulo its length plus one.
    pub(crate) cuts: Vec<usize>,
    /// Control frames, one before each fragment but the first, as far as they go.
    pub(crate) between: Vec<Received>,
    pub(crate) key: [u8; 4],
}

impl Sent {
    /// Appends its frames to `out` and what must be understood of them to `expected`.
    pub(crate) fn write(&self, masked: bool, out: &mut Vec<u8>, expected: &mut Vec<Received>) {
        let mask = masked.then_some(self.key);
        let (mut opcode, mut payload) = (self.message.opcode(), self.message.payload());
        let compressed = self.compressed && !opcode.control();
        if compressed {
            let mut deflated = Vec::new();
            deflate::compress(&payload, &mut deflated);
            payload = deflated;
        }
        let mut cuts: Vec<usize> = self.cuts.iter().map(|cut| cut % (payload.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.retain(|_| !opcode.control());
        let (mut start, mut between) = (0, self.between.iter());
        for (number, end) in cuts.iter().copied().chain([payload.len()]).enumerate() {
            if let Some(control) = between.next().filter(|_| number > 0) {
                frame(
                    Head { fin: true, compressed: false, opcode: control.opcode(), mask },
                    &control.payload(),
                    out,
                );
                expected.push(control.clone());
            }
            let head =
                Head { fin: number == cuts.len(), compressed: compressed && number == 0, opcode, mask };
            frame(head, &payload[start..end], out);
            opcode = Opcode::Continuation;
            start = end;
        }
        expected.push(self.message.clone());
    }
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => vec(any::<u8>(), 0..20), 1 => vec(any::<u8>(), 0..=most)]
}

fn control() -> impl Strategy<Value = Received> {
    prop_oneof![bytes(125).prop_map(Received::Ping), bytes(125).prop_map(Received::Pong)]
}

fn data() -> impl Strategy<Value = Received> {
    let text = vec(any::<char>(), 0..200).prop_map(|text| text.into_iter().collect());
    // A few longer than what a two-byte length holds.
    let long =
        (any::<u8>(), 65_000..70_000_usize).prop_map(|(byte, length)| Received::Binary(vec![byte; length]));
    prop_oneof![8 => text.prop_map(Received::Text), 8 => bytes(400).prop_map(Received::Binary), 1 => long]
}

fn close() -> impl Strategy<Value = Received> {
    let code = prop_oneof![1000..=1003_u16, 1007..=1014_u16, 3000..=4999_u16];
    let reason = vec(any::<char>(), 0..30).prop_map(String::from_iter);
    proptest::option::of((code, reason)).prop_map(Received::Close)
}

/// Up to a dozen messages, fragmented, interleaved and, where `deflate` allows, compressed; perhaps with a close at the end.
pub(crate) fn traffic(deflate: bool) -> impl Strategy<Value = Vec<Sent>> {
    let message = prop_oneof![4 => data().boxed(), 1 => control().boxed()];
    let sent = move |message: BoxedStrategy<Received>| {
        (message, any::<bool>(), vec(0..70_000_usize, 0..5), vec(control(), 0..5), any::<[u8; 4]>()).prop_map(
            move |(message, compressed, cuts, between, key)| Sent {
                message,
                compressed: compressed && deflate,
                cuts,
                between,
                key,
            },
        )
    };
    (vec(sent(message.boxed()), 0..12), proptest::option::of(sent(close().boxed()))).prop_map(
        |(mut all, close)| {
            all.extend(close);
            all
        },
    )
}

/// The bytes of a conversation and what must be understood of them.
pub(crate) fn written(sent: &[Sent], masked: bool) -> (Vec<u8>, Vec<Received>) {
    let (mut out, mut expected) = (Vec::new(), Vec::new());
    sent.iter().for_each(|sent| sent.write(masked, &mut out, &mut expected));
    (out, expected)
}

/// Decodes `bytes`, one read ending at each of `cuts` (in order) and one at the end.
pub(crate) fn decode(
    decoder: &mut Decoder,
    bytes: &[u8],
    cuts: impl IntoIterator<Item = usize>,
) -> (Vec<Received>, Result<(), ProtocolError>) {
    let (mut seen, mut start) = (Vec::new(), 0);
    for end in cuts.into_iter().chain([bytes.len()]) {
        // Each read in memory of its own: nothing of the one before may be needed.
        let mut read = bytes[start..end].to_vec();
        start = end;
        let outcome = decoder.decode(&mut read, &mut |message| {
            seen.push(Received::from(message));
            ControlFlow::Continue(())
        });
        if outcome.is_err() {
            return (seen, outcome);
        }
    }
    (seen, Ok(()))
}
