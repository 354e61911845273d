//! Where a message has what was looked for, and how well it fits.

use std::{cmp::Ordering, ops::Range};

use super::words::Word;

/// Where a text has what was looked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Hits {
    /// In bytes, in order, none over another.
    pub at: Vec<Range<usize>>,
    score: f64,
}

impl Hits {
    /// Of words of a text: of each group of a query how many words it has and at which of the text's it begins.
    pub(super) fn new(said: &[Word], groups: &[(usize, Vec<usize>)], exact: bool) -> Self {
        let mut at: Vec<Range<usize>> = Vec::new();
        for (count, places) in groups {
            for place in places {
                let there = said.get(*place..place + count).unwrap_or_default();
                if let (Some(first), Some(last)) = (there.first(), there.last()) {
                    at.push(first.at.start..last.at.end);
                }
            }
        }
        at.sort_unstable_by_key(|range| (range.start, range.end));
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(at.len());
        for range in at {
            match apart.last_mut().filter(|last| range.start < last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => apart.push(range),
            }
        }
        Self { at: apart, score: score(said.len(), groups, exact) }
    }

    /// Whether it fits better than another one: then it is the lesser.
    pub fn cmp_best(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score)
    }
}

/// How often the words are there for the length of the text (as BM25 counts, without how rare a word is: all messages have all words), more where they
/// stand in the order in which they were asked for, and less where the last one only begins so.
fn score(said: usize, groups: &[(usize, Vec<usize>)], exact: bool) -> f64 {
    const AVERAGE: f64 = 20.0;
    let length = 0.25 + 0.75 * said as f64 / AVERAGE;
    let often: f64 = groups
        .iter()
        .map(|(_, places)| {
            let count = places.len() as f64;
            count / (count + 1.2 * length)
        })
        .sum();
    let follow = groups.windows(2).filter(|pair| follows(pair)).count() as f64;
    let whole = if exact { 0.5 } else { 0.0 };
    (often + follow + whole) / groups.len() as f64
}

/// Whether the second of two groups stands right behind the first somewhere.
fn follows(pair: &[(usize, Vec<usize>)]) -> bool {
    let [(count, first), (_, second)] = pair else { return false };
    first.iter().any(|at| second.binary_search(&(at + count)).is_ok())
}
