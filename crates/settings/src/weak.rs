//! Whether a secret was typed by a person instead of drawn at random.
//!
//! No test can prove that a text is random. This one catches what people leave in their files: placeholders from a
//! manual, a key held down, a walk along the alphabet.

/// What placeholders are made of. A random text does not have enough of them to matter.
const WORDS: [&str; 34] = [
    "production",
    "development",
    "replace",
    "generate",
    "changeme",
    "password",
    "passwort",
    "tidings",
    "websocket",
    "encryption",
    "default",
    "example",
    "something",
    "private",
    "minimum",
    "random",
    "secret",
    "change",
    "please",
    "string",
    "super",
    "secure",
    "token",
    "admin",
    "qwerty",
    "your",
    "this",
    "long",
    "test",
    "here",
    "with",
    "jwt",
    "key",
    "dev",
];

/// How many characters must be left without those words and without signs between them.
const LEAST_LEFT: usize = 16;
/// How many different characters a random text of 32 has at the very least; sixteen letters of hex give about 14.
const LEAST_DIFFERENT: usize = 8;

/// Why a secret is weak, as the end of "it …". `None` where nothing obvious is wrong.
pub(crate) fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    let steps =
        different.windows(2).filter(|pair| u32::from(pair[0]).abs_diff(u32::from(pair[1])) == 1).count();
    let length = different.len();
    different.sort_unstable();
    different.dedup();
    if different.len() < LEAST_DIFFERENT {
        return Some("repeats a few characters");
    }
    if repeats(lower.as_bytes()) {
        return Some("repeats a short text");
    }
    if steps * 2 > length {
        return Some("counts along the alphabet");
    }
    let mut left = lower;
    for word in WORDS {
        left = left.replace(word, "");
    }
    let left = left.chars().filter(|c| c.is_alphanumeric()).count();
    // A short one may fail here for being short; then it was already refused for that.
    (left < LEAST_LEFT).then_some("is made of words that everybody tries first")
}

/// Whether the text is a shorter one, written at least twice.
fn repeats(text: &[u8]) -> bool {
    (1..=text.len() / 2).any(|period| text.iter().zip(&text[period..]).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catches_what_people_type() {
        for weak in [
            "secret",
            "changeme",
            "your-super-secret-jwt-key-change-me-in-production",
            "your-encryption-key-here",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "0123456789012345678901234567890123456789",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "hunter2!hunter2!hunter2!hunter2!hunter2!",
            "please-replace-this-with-a-long-random-string",
        ] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
    }

    #[test]
    fn lets_random_ones_pass() {
        for good in [
            "d8f1c0a94b7e3625f09a1b8c7d6e5f4039281706a5b4c3d2",
            "tdk_Zx8Vq2LmN4pR7sT1uW9yB3cD5eF6gH0j",
            "m3Jc8Qe1vXk0ZtR5yPw7LdN2sHbF9gUaTiOq4E6x+/A=",
        ] {
            assert_eq!(weakness(good), None, "{good}");
        }
    }
}
