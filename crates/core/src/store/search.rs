//! What is asked of the index of chat's messages.

use std::sync::Arc;

use tidings_protocol::{Timestamp, UserId};

use crate::{Entry, RoomKey, search::Token};

/// Most candidates of one page.
pub const CANDIDATES_MAX: usize = 500;
/// Most rooms that can be asked for by name.
pub const ROOMS_MAX: usize = 1_000;

/// Which messages.
#[derive(Clone, Debug)]
pub struct Search {
    /// All of these are theirs; at least one.
    pub tokens: Vec<Token>,
    /// They are in one of these, at most [`ROOMS_MAX`]; in any where it is none.
    pub rooms: Option<Vec<RoomKey>>,
    /// Who sent them.
    pub from: Option<UserId>,
    /// When they came, from this moment on.
    pub since: Option<Timestamp>,
    /// When they came, before this moment.
    pub until: Option<Timestamp>,
    /// Their numbers are lower.
    pub before: Option<u64>,
    /// How many are wanted.
    pub limit: usize,
}

/// A page of an index.
#[derive(Clone, Default, Debug)]
pub struct Found {
    /// The highest number first.
    pub candidates: Vec<Candidate>,
    /// Where to go on, as [`Search::before`]; none at the end.
    pub next: Option<u64>,
}

/// A message that may be one.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Grows from message to message, in all rooms together, as they come to be kept.
    pub number: u64,
    /// The message's, with its place and what it says now.
    pub entry: Arc<Entry>,
}

impl Search {
    /// What is looked up in an index: the tokens, with the one room's and the sender's, which are indexed like words.
    pub fn terms(&self) -> Vec<Token> {
        let mut terms = self.tokens.clone();
        terms.extend(self.from.as_ref().map(Token::sender));
        if let Some([room]) = self.rooms.as_deref() {
            terms.push(Token::room(room));
        }
        terms
    }

    /// Whether an entry is of the sender and the time that are asked for.
    pub fn allows(&self, entry: &Entry) -> bool {
        self.from.as_ref().is_none_or(|from| entry.from.as_ref() == Some(from))
            && self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time < until)
    }
}
