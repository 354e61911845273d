//! What somebody looks for. All of it is words: there is no language to be learned, and none to be broken.

use std::fmt;

use super::{
    found::Hits,
    tokens::Token,
    words::{MESSAGE_WORDS_MAX, Word, words},
};

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 1_024;
/// Most words of a query.
pub const QUERY_WORDS_MAX: usize = 16;
/// The shortest beginning of a word, in characters, by which it is found.
const BEGINNING_MIN: usize = 3;

/// Words that a message must have, all of them. Those that are written together (`e-mail`, `東京`) must stand right behind each other. The last one
/// may be the beginning of a word, unless something is behind it or it is shorter than three characters.
#[derive(Clone, Debug)]
pub struct Query {
    /// Words that are written together, together.
    groups: Vec<Vec<Word>>,
    /// Whether the last word may go on.
    goes_on: bool,
}

/// Why a text is no query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvalidQuery {
    /// Too many bytes.
    Long,
    /// Too many words.
    Wordy,
}

impl Query {
    /// Reads what somebody typed; none where there is no word in it: nothing is found then.
    ///
    /// # Errors
    /// [`InvalidQuery`].
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidQuery> {
        if text.len() > QUERY_BYTES_MAX {
            return Err(InvalidQuery::Long);
        }
        let all = words(text, QUERY_WORDS_MAX + 1);
        if all.len() > QUERY_WORDS_MAX {
            return Err(InvalidQuery::Wordy);
        }
        let Some(last) = all.last() else { return Ok(None) };
        let is_long = last.text.chars().count() >= BEGINNING_MIN;
        let goes_on = is_long && !last.alone && last.at.end == text.len();
        let mut groups: Vec<Vec<Word>> = Vec::new();
        for word in all {
            match groups.last_mut().filter(|_| word.joined) {
                Some(group) => group.push(word),
                None => groups.push(vec![word]),
            }
        }
        Ok(Some(Self { groups, goes_on }))
    }

    /// What a message must have in an index to be looked at.
    pub fn tokens(&self) -> Vec<Token> {
        let count = self.groups.iter().flatten().count();
        let token = |(at, word): (usize, &Word)| {
            let like = Token::like(word).filter(|_| self.goes_on && at + 1 == count);
            like.unwrap_or_else(|| Token::word(&word.text))
        };
        let mut tokens: Vec<Token> = self.groups.iter().flatten().enumerate().map(token).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    /// Where a text has all of these words, if it has; among its first [`MESSAGE_WORDS_MAX`].
    pub fn found_in(&self, text: &str) -> Option<Hits> {
        let said = words(text, MESSAGE_WORDS_MAX);
        let mut groups = Vec::with_capacity(self.groups.len());
        for (index, group) in self.groups.iter().enumerate() {
            let goes_on = self.goes_on && index + 1 == self.groups.len();
            let found: Vec<usize> =
                (0..said.len()).filter(|at| begins_at(&said, *at, group, goes_on)).collect();
            if found.is_empty() {
                return None;
            }
            groups.push((group.len(), found));
        }
        let exact = match self.groups.last().and_then(|group| group.last()) {
            Some(last) if self.goes_on => said.iter().any(|word| word.text == last.text),
            _ => true,
        };
        Some(Hits::new(&said, &groups, exact))
    }
}

/// Whether words that belong together stand at a place of a text.
fn begins_at(said: &[Word], at: usize, group: &[Word], goes_on: bool) -> bool {
    let Some(there) = said.get(at..at + group.len()) else { return false };
    there.iter().zip(group).enumerate().all(|(index, (said, asked))| {
        let may_go_on = goes_on && index + 1 == group.len();
        said.text == asked.text || may_go_on && said.text.starts_with(&asked.text)
    })
}

impl fmt::Display for InvalidQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => write!(f, "expected at most {QUERY_BYTES_MAX} bytes"),
            Self::Wordy => write!(f, "expected at most {QUERY_WORDS_MAX} words"),
        }
    }
}

impl std::error::Error for InvalidQuery {}
