//! Messages that were found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::{RoomName, Timestamp, UserId};

/// Most messages of one page of a search.
pub const HITS_MAX: u16 = 100;

/// Which messages come first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchOrder {
    /// The newest.
    #[default]
    Newest,
    /// Those of the newest 500 with the words that fit best.
    Best,
}

/// Messages that have the words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SearchPage {
    /// In the order that was asked for.
    pub items: Vec<SearchHit>,
    /// Where to go on; null at the end. A page may be short, or empty, and go on nevertheless.
    pub next_cursor: Option<String>,
}

/// A message that has the words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SearchHit {
    /// As it stands.
    #[serde(flatten)]
    pub message: Message,
    /// A stretch of it with what was looked for, in pieces.
    pub snippet: Vec<SnippetPart>,
}

/// A piece of a snippet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SnippetPart {
    /// What the message says there: text, and nothing else.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// What is looked for.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct SearchRequest {
    /// Words that a message must have, all of them; the last may be the beginning of one. At most 16, and 1,024 bytes.
    pub query: String,
    /// Only in this room; in all that the searcher may read when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// Only what this user sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// Only what came from this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only what came before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Which come first; `newest` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<SearchOrder>,
    /// How many at most, 1 to 100; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
    /// The `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
