//! What people do in a chat, and what comes of it.

use std::{collections::BTreeSet, fmt, sync::Arc};

use tidings_protocol::{EntryId, Json, Offset, Timestamp, UserId};

use crate::{Entry, RoomKey, hex, store::Once};

/// What is done in a room. Where, by whom and when stands in the entry that tells it.
#[derive(Clone, Debug)]
pub enum Act {
    /// A message comes; the entry is it.
    Send(Sending),
    /// A message says something else from now on.
    Edit {
        /// Which.
        message: EntryId,
        /// What.
        data: Json,
        /// With what right.
        by: By,
        /// Whether what it said before is kept.
        versions: Versions,
        /// All whom it mentions now.
        mentions: BTreeSet<UserId>,
        /// The plain words, for the search index.
        words: Option<Box<str>>,
    },
    /// A message says nothing any more, and keeps its place. Reactions, mentions and a pin go.
    Delete {
        /// Which.
        message: EntryId,
        /// What stands in its place.
        tombstone: Json,
        /// With what right.
        by: By,
        /// Whether what it said, now and before, is kept.
        versions: Versions,
    },
    /// A reaction comes or goes.
    React {
        /// To which message.
        message: EntryId,
        /// Whose.
        user: UserId,
        /// Which.
        emoji: Emoji,
        /// Whether it is there afterwards.
        on: bool,
    },
    /// A message is pinned or not.
    Pin {
        /// Which.
        message: EntryId,
        /// Whether it is afterwards.
        on: bool,
    },
    /// A user has read.
    Read {
        /// Who.
        user: UserId,
        /// Up to where.
        up_to: UpTo,
        /// Whether nobody is told: the entry is not appended.
        private: bool,
    },
}

/// What is said of a new message beside its entry.
#[derive(Clone, Default, Debug)]
pub struct Sending {
    /// The sender's own name for it, by which it is known when it comes twice.
    pub client_id: Option<ClientId>,
    /// The message that it answers.
    pub reply_to: Option<EntryId>,
    /// A message of the thread that it belongs to, mostly the first.
    pub thread: Option<EntryId>,
    /// Whom it mentions. A sender is not mentioned by their own message.
    pub mentions: BTreeSet<UserId>,
    /// The plain words, for the search index.
    pub words: Option<Box<str>>,
}

/// With what right a message is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// It is their own: who acts must be who sent it.
    Sender,
    /// They may change any.
    Moderator,
}

/// What becomes of what a message said before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Versions {
    /// It is kept, for [`super::ChatStore::versions`].
    Keep,
    /// An edit keeps nothing, a deletion lets all go that was kept.
    Drop,
}

/// Up to where somebody has read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpTo {
    /// All messages up to this place in the log. One beyond the end is the end.
    Offset(Offset),
    /// All messages up to this one.
    Message(EntryId),
}

/// What came of an act. Entries are as they are kept.
#[derive(Clone, Debug)]
pub enum Done {
    /// A message was kept.
    Sent {
        /// It.
        entry: Arc<Entry>,
        /// The first message of its thread.
        thread: Option<EntryId>,
        /// Messages that mentioned the sender and are read now.
        cleared: Vec<EntryId>,
    },
    /// The message was kept before, and nothing was done now.
    Known {
        /// Its id.
        id: EntryId,
        /// Its place.
        offset: Offset,
    },
    /// A message was changed.
    Edited {
        /// What tells it.
        entry: Arc<Entry>,
        /// The message's place.
        message: Offset,
        /// Whom it mentions and did not mention before.
        mentioned: Vec<UserId>,
        /// Whom it mentioned, who had not read it, and whom it mentions no more.
        unmentioned: Vec<UserId>,
    },
    /// A message was deleted.
    Deleted {
        /// What tells it.
        entry: Arc<Entry>,
        /// The message's place.
        message: Offset,
        /// Whom it mentioned, and who had not read it.
        unmentioned: Vec<UserId>,
    },
    /// A reaction is there or is not.
    Reacted {
        /// What tells it, if anything was changed.
        entry: Option<Arc<Entry>>,
        /// The message's place.
        message: Offset,
        /// How many reactions of this kind it has.
        count: u64,
    },
    /// A message is pinned or is not.
    Pinned {
        /// What tells it, if anything was changed.
        entry: Option<Arc<Entry>>,
        /// The message's place.
        message: Offset,
    },
    /// A user has read.
    Read {
        /// What tells it, if the mark moved and somebody is to be told.
        entry: Option<Arc<Entry>>,
        /// The place of the last message that the user has read; 0 where there is none.
        mark: Offset,
        /// Messages that mentioned the user and are read now.
        cleared: Vec<EntryId>,
    },
}

impl Done {
    /// What was appended.
    pub fn entry(&self) -> Option<&Arc<Entry>> {
        match self {
            Self::Sent { entry, .. } | Self::Edited { entry, .. } | Self::Deleted { entry, .. } => {
                Some(entry)
            }
            Self::Reacted { entry, .. } | Self::Pinned { entry, .. } | Self::Read { entry, .. } => {
                entry.as_ref()
            }
            Self::Known { .. } => None,
        }
    }
}

/// Why an act was not done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is no such message in the room.
    NoSuchMessage,
    /// It is somebody else's.
    NotYours,
    /// It was deleted, or erased with its sender.
    Deleted,
    /// What it answers is not there.
    NoSuchReplyTarget,
    /// There is no such thread.
    NoSuchThread,
}

/// A short text that is checked.
macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $bytes_max:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(Box<str>);

        impl $name {
            /// Most bytes.
            pub const BYTES_MAX: usize = $bytes_max;

            /// Checks and takes one.
            ///
            /// # Errors
            /// A sentence on what was expected.
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                let fits = (1..=Self::BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control);
                if fits { Ok(Self(text.into())) } else { Err(InvalidText($expected)) }
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

short_text!(
    /// A sender's own name for a message: 1 to 128 bytes without control characters.
    ClientId, 128, "expected a client_id: 1 to 128 bytes without control characters"
);
short_text!(
    /// A reaction: 1 to 64 bytes without control characters. The longest emoji there are have about 40; an application's own names fit too.
    Emoji, 64, "expected an emoji or a name: 1 to 64 bytes without control characters"
);

/// Why a text is none of these. The text itself is not repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidText(&'static str);

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidText {}

impl Sending {
    /// How long a `client_id` is remembered at least.
    pub const REMEMBERED_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
    /// Idempotency keys live for a day, so one that is to live longer is written down for later.
    const KEYS_LIVE_MS: u64 = 24 * 60 * 60 * 1_000;

    /// The message's `client_id` as an idempotency key, as stores keep it: a hash, in which nobody's name can be read. No caller's own key begins
    /// with a space.
    pub fn once(&self, room: &RoomKey, sender: Option<&UserId>, now: Timestamp) -> Option<Once> {
        use sha2::{Digest, Sha256};
        let client_id = self.client_id.as_ref()?;
        let mut hash = Sha256::new();
        for part in [&*room.to_string(), sender.map_or("", UserId::as_str), client_id.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let key = format!(" chat {}", hex(&hash.finalize())).into();
        let lives = Self::REMEMBERED_MS - Self::KEYS_LIVE_MS;
        let now = Timestamp::from_millis(now.millis().saturating_add(lives));
        Some(Once { key, print: [0; 32], now })
    }
}
