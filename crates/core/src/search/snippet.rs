//! What is shown of a message that was found: the stretch of it with the most hits. In pieces, so that nothing a message says can be taken for a mark.

use std::ops::Range;

use super::found::Hits;

/// Longest snippet, in characters, without the two `…` that may stand at its ends.
pub const SNIPPET_CHARS_MAX: usize = 200;
/// How much of that stands before the first hit, where there is so much.
const BEFORE: usize = 40;

/// A stretch of a text in pieces: each with whether it is what was looked for.
pub fn snippet(text: &str, hits: &Hits) -> Vec<(String, bool)> {
    let shown = stretch(text, &hits.at);
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let mut push = |part: &str, hit: bool| {
        if !part.is_empty() {
            pieces.push((readable(part), hit));
        }
    };
    if shown.start > 0 {
        push("…", false);
    }
    let mut from = shown.start;
    for hit in hits.at.iter().filter(|hit| hit.start >= shown.start && hit.start < shown.end) {
        let end = hit.end.min(shown.end);
        push(&text[from..hit.start], false);
        push(&text[hit.start..end], true);
        from = end;
    }
    push(&text[from..shown.end], false);
    if shown.end < text.len() {
        push("…", false);
    }
    pieces
}

/// Which part of a text is shown, in bytes.
fn stretch(text: &str, hits: &[Range<usize>]) -> Range<usize> {
    // Places of the characters, with the end.
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let last = places.len() - 1;
    if last <= SNIPPET_CHARS_MAX {
        return 0..text.len();
    }
    let number = |byte: usize| places.partition_point(|place| *place < byte);
    let starts: Vec<usize> = hits.iter().map(|hit| number(hit.start)).collect();
    let (mut best, mut most) = (0, 0);
    for (index, start) in starts.iter().enumerate() {
        let end = start + SNIPPET_CHARS_MAX - BEFORE;
        let count = starts[index..].iter().take_while(|other| **other < end).count();
        if count > most {
            (best, most) = (*start, count);
        }
    }
    let from = best.saturating_sub(BEFORE).min(last - SNIPPET_CHARS_MAX);
    // From the beginning of a word, if one is near.
    let is_space = |at: &usize| text[places[*at]..].starts_with(char::is_whitespace);
    let from =
        if from == 0 { 0 } else { (from..best.max(from)).find(is_space).map_or(from, |space| space + 1) };
    let to = (from + SNIPPET_CHARS_MAX).min(last);
    places[from]..places[to]
}

/// Line breaks and other control characters as spaces.
fn readable(part: &str) -> String {
    part.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}
