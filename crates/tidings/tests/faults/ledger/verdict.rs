//! The books compared.

use std::{collections::HashSet, fmt};

use super::{Key, book::Ack, readers::Journal, store::Truth};

/// How many of each; all but the first are to be 0.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Verdict {
    pub(crate) acknowledged: usize,
    /// Acknowledged, and not in the store where it was said to be; or not at a reader.
    pub(crate) lost: usize,
    /// One key at two places, or one place twice at a reader.
    pub(crate) duplicate: usize,
    /// A place that comes behind a later one.
    pub(crate) disorder: usize,
    /// Places left out without a word.
    pub(crate) gap: usize,
    /// At a reader and not in the store, or in the store and never acknowledged though its writer asked until the end.
    pub(crate) phantom: usize,
    /// Readers that were told that something cannot be had.
    pub(crate) told: usize,
}

impl Verdict {
    pub(crate) fn of(acks: &[Ack], truth: &Truth, journals: &[Journal]) -> Self {
        let mut verdict = Self { acknowledged: acks.len(), ..Self::default() };
        verdict.judge_store(acks, truth);
        for journal in journals {
            verdict.judge_reader(truth, journal);
        }
        verdict
    }

    fn judge_store(&mut self, acks: &[Ack], truth: &Truth) {
        let is_kept = |ack: &&Ack| {
            truth.at(ack.room, ack.offset).is_some_and(|(_, key, id)| *key == ack.key && *id == ack.id)
        };
        self.lost += acks.len() - acks.iter().filter(is_kept).count();
        self.duplicate += truth.keys().values().filter(|count| **count > 1).count();
        let acknowledged: HashSet<Key> = acks.iter().map(|ack| ack.key).collect();
        self.phantom += truth.keys().keys().filter(|key| !acknowledged.contains(key)).count();
        let ids: HashSet<&str> = truth.0.iter().flatten().map(|entry| &*entry.2).collect();
        self.duplicate += truth.0.iter().map(Vec::len).sum::<usize>() - ids.len();
        for entries in &truth.0 {
            self.gap += entries.iter().zip(1..).filter(|(entry, offset)| entry.0 != *offset).count();
        }
    }

    fn judge_reader(&mut self, truth: &Truth, journal: &Journal) {
        self.duplicate += journal.duplicates;
        self.disorder += journal.disorder;
        self.gap += journal.gaps;
        self.told += journal.told;
        for (room, track) in journal.rooms.iter().enumerate() {
            let mut heard = HashSet::new();
            for (offset, key) in &track.heard {
                heard.insert(*offset);
                self.phantom += usize::from(truth.at(room, *offset).is_none_or(|entry| entry.1 != *key));
            }
            // Who came before the first entry is owed all of them.
            self.lost += truth.0[room].iter().filter(|entry| !heard.contains(&entry.0)).count();
        }
    }

    /// Nothing lost, nothing twice, nothing out of order, nothing invented, and nobody told that something is gone.
    pub(crate) fn is_clean(&self) -> bool {
        *self == Self { acknowledged: self.acknowledged, ..Self::default() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, lost, duplicate, disorder, gap, phantom, told } = self;
        write!(
            f,
            "{acknowledged} acknowledged; lost {lost}, duplicate {duplicate}, disorder {disorder}, gap {gap}, phantom {phantom}, told {told}"
        )
    }
}

/// A book-keeper who finds nothing proves nothing.
#[test]
fn each_wrong_is_found() {
    let entry = |offset: u64, key: Key| (offset, key, format!("id-{key}"));
    let ack = |offset: u64, key: Key| Ack {
        key,
        room: 0,
        offset,
        id: format!("id-{key}"),
        at: std::time::Instant::now(),
    };
    let reader = |heard: &[(u64, Key)]| {
        let mut journal = Journal { rooms: vec![Default::default()], ..Journal::default() };
        heard.iter().for_each(|(offset, key)| journal.hear(0, *offset, *key));
        vec![journal]
    };
    let of = |kept: &[(u64, Key)], heard: &[(u64, Key)]| {
        let truth = Truth(vec![kept.iter().map(|(offset, key)| entry(*offset, *key)).collect()]);
        Verdict::of(&[ack(1, 10), ack(2, 20), ack(3, 30)], &truth, &reader(heard))
    };
    let all = [(1, 10), (2, 20), (3, 30)];
    assert!(of(&all, &all).is_clean());
    assert_eq!(of(&all[..2], &all[..2]).lost, 1, "not in the store");
    assert_eq!(of(&all, &all[..2]).lost, 1, "not at the reader");
    assert_eq!(of(&all, &[(1, 10), (3, 30)]).gap, 1);
    assert_eq!(of(&all, &[(1, 10), (2, 20), (2, 20), (3, 30)]).duplicate, 1);
    assert_eq!(of(&all, &[(1, 10), (3, 30), (2, 20)]).disorder, 1);
    assert_eq!(of(&all, &[(1, 10), (2, 99), (3, 30)]).phantom, 1, "another entry than the store has");
    let twice = of(&[(1, 10), (2, 20), (3, 30), (4, 30)], &all);
    assert!(twice.duplicate > 0, "one key at two places: {twice}");
    assert_eq!(of(&[(1, 10), (2, 20), (3, 30), (4, 40)], &all).phantom, 1, "kept and never acknowledged");
}
