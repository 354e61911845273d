//! What a user did with a notification, and what that means for counters and lists. Stores ask here, so that they all mean the same.

use tidings_protocol::Timestamp;

use super::{Category, Severity, notification::is_over};

/// What a user did with a notification.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct State {
    /// When it was on a screen first.
    pub seen_at: Option<Timestamp>,
    /// When it was read; none while it is unread.
    pub read_at: Option<Timestamp>,
    /// When it was put away; none while it is in the inbox.
    pub archived_at: Option<Timestamp>,
    /// Until when it is out of sight. A moment that has come counts as none.
    pub snoozed_until: Option<Timestamp>,
}

/// What is done with notifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It was on a screen. Once seen, always seen.
    Seen,
    /// It was read, and so seen.
    Read,
    /// It shall count again.
    Unread,
    /// It is put away.
    Archive,
    /// It is taken out again.
    Unarchive,
    /// It is out of sight until then; a moment that has come brings it back.
    Snooze(Timestamp),
    /// It is gone for this user. What was deleted cannot be changed or found any more.
    Delete,
}

/// Which notifications of an inbox; `None` stands for either.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Filter {
    /// Whether it was not read.
    pub unread: Option<bool>,
    /// Whether it is put away.
    pub archived: Option<bool>,
    /// Whether it is out of sight now.
    pub snoozed: Option<bool>,
    /// What it is about.
    pub category: Option<Category>,
    /// How much it matters.
    pub severity: Option<Severity>,
}

const READ: u8 = 4;
const ARCHIVED: u8 = 8;
const SNOOZED: u8 = 16;

impl State {
    /// As it is at a moment: a snooze that is over is none.
    pub fn at(mut self, now: Timestamp) -> Self {
        if is_over(self.snoozed_until, now) {
            self.snoozed_until = None;
        }
        self
    }

    /// Whether the counter has it: unread, not put away, not out of sight. The caller has taken [`Self::at`] of a moment.
    pub fn counts(&self) -> bool {
        self.read_at.is_none() && self.archived_at.is_none() && self.snoozed_until.is_none()
    }

    /// What becomes of it; none when nothing does, as far as somebody could tell. For [`Change::Delete`], which leaves no state, it is
    /// the state as it was.
    pub fn with(self, change: Change, now: Timestamp) -> Option<Self> {
        let before = self.at(now);
        let mut after = before;
        match change {
            Change::Seen => after.seen_at = before.seen_at.or(Some(now)),
            Change::Read => {
                (after.seen_at, after.read_at) = (before.seen_at.or(Some(now)), before.read_at.or(Some(now)));
            }
            Change::Unread => after.read_at = None,
            Change::Archive => after.archived_at = before.archived_at.or(Some(now)),
            Change::Unarchive => after.archived_at = None,
            Change::Snooze(until) => after.snoozed_until = (until > now).then_some(until),
            Change::Delete => return Some(before),
        }
        (after != before).then_some(after)
    }

    /// One of [`Filter::buckets`]: severity, read, archived and whether a snooze is written down. With it a list of any filter is a merge of
    /// a few stretches of one index.
    pub fn bucket(&self, severity: Severity) -> u8 {
        let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
        severity as u8
            + bit(self.read_at.is_some(), READ)
            + bit(self.archived_at.is_some(), ARCHIVED)
            + bit(self.snoozed_until.is_some(), SNOOZED)
    }

    /// Changes that time has brought about and that are not written down yet, each of which the revision counts.
    pub fn due(&self, expires_at: Option<Timestamp>, now: Timestamp) -> u64 {
        u64::from(is_over(self.snoozed_until, now)) + u64::from(is_over(expires_at, now))
    }
}

impl Filter {
    /// A bucket of what was deleted by a user and is in no list.
    pub const DELETED: u8 = 32;
    /// The buckets of what counts as unread, one a severity.
    pub const COUNTED: std::ops::Range<u8> = 0..4;

    /// The buckets ([`State::bucket`]) that this lets through; category and time are not in them.
    pub fn buckets(&self) -> Vec<u8> {
        (0..Self::DELETED).filter(|bucket| self.has_bucket(*bucket)).collect()
    }

    /// Whether it lets an item through. The caller has taken [`State::at`] of a moment.
    pub fn matches(&self, severity: Severity, category: Option<&Category>, state: &State) -> bool {
        self.has_bucket(state.bucket(severity))
            && self.category.as_ref().is_none_or(|wanted| Some(wanted) == category)
    }

    fn has_bucket(&self, bucket: u8) -> bool {
        let fits = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        fits(self.unread, bucket & READ == 0)
            && fits(self.archived, bucket & ARCHIVED != 0)
            && fits(self.snoozed, bucket & SNOOZED != 0)
            && self.severity.is_none_or(|severity| severity as u8 == bucket & 3)
    }
}

impl Change {
    /// What of an inbox `all up to` means with this change: what is in sight and would be changed; to take out of the archive, what is in it.
    pub fn scope(self) -> Filter {
        let in_sight = Filter { archived: Some(false), snoozed: Some(false), ..Filter::default() };
        match self {
            Self::Seen | Self::Archive | Self::Snooze(_) | Self::Delete => in_sight,
            Self::Read => Filter { unread: Some(true), ..in_sight },
            Self::Unread => Filter { unread: Some(false), ..in_sight },
            Self::Unarchive => Filter { archived: Some(true), ..Filter::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_say_what_filters_say() {
        let moments = [None, Some(Timestamp::from_millis(10))];
        for (read_at, archived_at, snoozed_until) in moments
            .into_iter()
            .flat_map(|a| moments.into_iter().flat_map(move |b| moments.into_iter().map(move |c| (a, b, c))))
        {
            let state = State { seen_at: None, read_at, archived_at, snoozed_until };
            for severity in Severity::ALL {
                let bucket = state.bucket(severity);
                assert_eq!(Filter::COUNTED.contains(&bucket), state.counts());
                for unread in [None, Some(true), Some(false)] {
                    let filter = Filter { unread, severity: Some(Severity::Error), ..Filter::default() };
                    let fits = unread.is_none_or(|unread| unread == read_at.is_none());
                    let fits = fits && severity == Severity::Error;
                    assert_eq!(filter.buckets().contains(&bucket), fits);
                    assert_eq!(filter.matches(severity, None, &state), fits);
                }
            }
        }
    }
}
