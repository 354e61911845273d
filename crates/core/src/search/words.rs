//! Text as words. Capitals, accents and other ways of writing the same letter make no difference; scripts that write no spaces, and emoji, are one word
//! a character.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Of a message only so many words are indexed.
pub const MESSAGE_WORDS_MAX: usize = 2_000;
/// Most characters of a word that count; a longer one is known by its beginning.
pub(super) const WORD_CHARS_MAX: usize = 64;

/// A word of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// As it is compared.
    pub text: String,
    /// Where it stands in the text, in bytes.
    pub at: Range<usize>,
    /// Whether no space is between it and the word before: `e-mail` is two words, the second one joined.
    pub joined: bool,
    /// Whether it is one character of a script that writes no spaces, or an emoji: then nothing more is to come when it is typed.
    pub alone: bool,
}

/// The first words of a text, at most so many.
pub fn words(text: &str, most: usize) -> Vec<Word> {
    let mut found = Words { words: Vec::new(), open: false, spaced: true };
    for (start, char) in text.char_indices() {
        let at = start..start + char.len_utf8();
        if char.is_whitespace() || char.is_control() {
            found.end(true);
        } else {
            decompose_compatible(char, |part| found.push(part, &at));
        }
        if found.words.len() > most {
            break;
        }
    }
    found.words.truncate(most);
    found.words
}

struct Words {
    words: Vec<Word>,
    /// Whether the last one goes on.
    open: bool,
    /// Whether there was a space since the last one, or there is none before.
    spaced: bool,
}

/// What a character is to a word.
enum Part {
    /// It makes no difference.
    Nothing,
    /// It is a word by itself.
    Alone,
    /// It belongs to a word.
    Letter,
    /// It ends one.
    Other,
}

impl Words {
    fn push(&mut self, char: char, at: &Range<usize>) {
        match part(char) {
            // What it belongs to is marked with it.
            Part::Nothing => {
                if let Some(word) = self.words.last_mut().filter(|word| word.at.end == at.start) {
                    word.at.end = at.end;
                }
            }
            Part::Other => self.end(false),
            Part::Alone => {
                self.end(false);
                self.begin(at, true);
                self.add(char);
                self.end(false);
            }
            Part::Letter => {
                if !self.open {
                    self.begin(at, false);
                }
                if let Some(word) = self.words.last_mut() {
                    word.at.end = at.end;
                }
                self.add(char);
            }
        }
    }

    fn begin(&mut self, at: &Range<usize>, alone: bool) {
        let joined = !std::mem::replace(&mut self.spaced, false);
        self.words.push(Word { text: String::new(), at: at.clone(), joined, alone });
        self.open = true;
    }

    fn add(&mut self, char: char) {
        let Some(Word { text, .. }) = self.words.last_mut() else { return };
        if text.chars().count() >= WORD_CHARS_MAX {
            return;
        }
        match plain(char) {
            Some(letters) => text.push_str(letters),
            None => text.extend(char.to_lowercase().filter(|lower| !matches!(part(*lower), Part::Nothing))),
        }
    }

    fn end(&mut self, spaced: bool) {
        self.open = false;
        self.spaced |= spaced;
    }
}

fn part(char: char) -> Part {
    match char {
        // Accents; the points of Hebrew and Arabic; sound marks of kana.
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}'
        | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{3099}'..='\u{309a}'
        // What is not seen: where a line may break, which way it runs, how an emoji looks.
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e01ef}' => Part::Nothing,
        // Thai, Lao, Burmese, Khmer; kana; Han.
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        // Emoji.
        | '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{2b55}' | '\u{1f000}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' => Part::Alone,
        _ if char.is_alphanumeric() || is_combining_mark(char) => Part::Letter,
        _ => Part::Other,
    }
}

/// Letters that have no accent to be taken away, but that many have no key for.
fn plain(char: char) -> Option<&'static str> {
    Some(match char {
        'ß' | 'ẞ' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' => "d",
        'ł' | 'Ł' => "l",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}
