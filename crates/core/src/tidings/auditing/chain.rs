//! Whether the records of the audit log follow one another as they were written, and where they do not.

use std::fmt;

use crate::{hex::hex, store::AuditRecord};

/// Number and hash of a record.
pub type Head = (u64, [u8; 32]);

/// How far the audit log's chain was found whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// How many records were looked at.
    pub records: u64,
    /// Number and hash of the last one: 0 and zeros before the first, none where nobody knows what was before.
    pub head: Option<Head>,
    /// The first place where it does not hold.
    pub broken: Option<Break>,
}

/// A record at which the chain does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Break {
    /// The record.
    pub number: u64,
    /// What is wrong with it.
    pub mismatch: Mismatch,
}

/// What was expected of a record, and what was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// An earlier record should have come in its place.
    Missing {
        /// The number of that one.
        expected: u64,
    },
    /// Its hash is not the one of its fields and the hash before it.
    Hash {
        /// What the hash would be.
        expected: [u8; 32],
        /// What is kept.
        found: [u8; 32],
    },
    /// It follows the one before it, but an earlier check saw it with another hash.
    Rewritten {
        /// What the check saw.
        expected: [u8; 32],
        /// What is kept.
        found: [u8; 32],
    },
    /// An earlier check saw it, and the log ends before it.
    CutOff {
        /// What the check saw.
        expected: [u8; 32],
        /// The number of the last record there is.
        last: u64,
    },
    /// The store cannot hand it out; why.
    Unreadable(String),
}

impl Chain {
    /// The beginning of a log, of which nothing was looked at yet.
    pub(super) const BEGINNING: Self = Self { records: 0, head: Some((0, [0; 32])), broken: None };
    /// Some place in a log: nobody knows what was before.
    pub(super) const SOMEWHERE: Self = Self { records: 0, head: None, broken: None };

    /// The first record that is not as it was written, or does not follow the one before it.
    pub fn broken_at(&self) -> Option<u64> {
        self.broken.as_ref().map(|broken| broken.number)
    }

    /// Looks at one more record.
    pub(super) fn add(&mut self, record: &AuditRecord) {
        if let Some(mismatch) = self.mismatch(record) {
            self.break_at(record.number, mismatch);
        }
        self.records += 1;
        self.head = Some((record.number, record.hash));
    }

    /// The chain does not hold here; only the first such place counts.
    pub(super) fn break_at(&mut self, number: u64, mismatch: Mismatch) {
        self.broken.get_or_insert(Break { number, mismatch });
    }

    fn mismatch(&self, record: &AuditRecord) -> Option<Mismatch> {
        let (number, hash) = match self.head {
            Some(head) => head,
            None if record.number == 1 => (0, [0; 32]),
            None => return None,
        };
        if record.number != number + 1 {
            return Some(Mismatch::Missing { expected: number + 1 });
        }
        let expected = AuditRecord::chain(record.number, &hash, record.act.clone()).hash;
        (expected != record.hash).then_some(Mismatch::Hash { expected, found: record.hash })
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        match &self.mismatch {
            Mismatch::Missing { expected } => {
                write!(f, "expected record {expected}, found record {number}: what was before it is missing")
            }
            Mismatch::Hash { expected, found } => write!(
                f,
                "record {number}: expected hash {}, found {}: it was changed, or the one before it was",
                hex(expected),
                hex(found)
            ),
            Mismatch::Rewritten { expected, found } => write!(
                f,
                "record {number}: expected hash {}, which an earlier check saw, found {}: the log was written anew",
                hex(expected),
                hex(found)
            ),
            Mismatch::CutOff { expected, last } => write!(
                f,
                "record {number}: expected it with hash {}, which an earlier check saw, found nothing: the log ends with record {last}",
                hex(expected)
            ),
            Mismatch::Unreadable(why) => {
                write!(f, "record {number}: expected one that can be read: {why}")
            }
        }
    }
}
