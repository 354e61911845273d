//! What an index knows.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use tidings_protocol::UserId;

use super::words::{MESSAGE_WORDS_MAX, Word, words};
use crate::RoomKey;

/// Of each word its first characters are tokens too, so many, so that it is found while it is typed.
const BEGINNINGS: [usize; 3] = [3, 4, 6];

/// A hash of something that messages are found by: 48 bits, so never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(i64);

impl Token {
    /// Bytes of one that is written down.
    pub const BYTES: usize = 6;

    /// Of a message in this room.
    pub fn room(room: &RoomKey) -> Self {
        Self::of('r', &room.to_string())
    }

    /// Of a message of this user.
    pub fn sender(user: &UserId) -> Self {
        Self::of('f', user.as_str())
    }

    /// All by which a message is found, each once, in order.
    pub fn of_message(room: &RoomKey, sender: Option<&UserId>, text: &str) -> Vec<Self> {
        let mut tokens = BTreeSet::from([Self::room(room)]);
        tokens.extend(sender.map(Self::sender));
        for word in words(text, MESSAGE_WORDS_MAX) {
            tokens.insert(Self::word(&word.text));
            tokens.extend(BEGINNINGS.iter().filter_map(|chars| Self::beginning(&word, *chars)));
        }
        tokens.into_iter().collect()
    }

    /// Of a message with this word.
    pub(super) fn word(text: &str) -> Self {
        Self::of('w', text)
    }

    /// Of a message with a word that begins like this one, as far as an index can tell; none where it is too short to be asked for by its
    /// beginning.
    pub(super) fn like(word: &Word) -> Option<Self> {
        BEGINNINGS.iter().rev().find_map(|chars| Self::beginning(word, *chars))
    }

    fn beginning(word: &Word, chars: usize) -> Option<Self> {
        let last = word.text.char_indices().nth(chars - 1).filter(|_| !word.alone)?;
        Some(Self::of('b', &word.text[..last.0 + last.1.len_utf8()]))
    }

    fn of(kind: char, text: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update([kind as u8]);
        hash.update(text);
        let [a, b, c, d, e, f, ..] = *hash.finalize().as_slice() else { return Self(0) };
        Self::from_bytes([a, b, c, d, e, f])
    }

    /// As a number.
    pub fn number(self) -> i64 {
        self.0
    }

    /// As bytes, the highest first.
    pub fn bytes(self) -> [u8; Self::BYTES] {
        let [_, _, bytes @ ..] = self.0.to_be_bytes();
        bytes
    }

    /// [`Self::bytes`] back.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f] = bytes;
        Self(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }
}
