//! Secrets in an entry's data: card numbers, IBANs, API keys, private keys.
//!
//! One walk over the JSON text, as it came. Almost everything is dismissed by the first letter of a word; only what could begin a secret is looked
//! at closely. What is found is sealed, so finding too much costs a little space and time, and finding too little costs a secret; but a number
//! that only happens to be long (a time, an id) should not be taken for a card. Who wants to hide a secret from this can: it is for those who
//! do not think of it.

mod api_key;
mod card;
mod iban;
mod private_key;

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Secret {
    /// The number of a payment card: 13 to 19 digits of a network's form, with a correct check digit, together or in groups.
    Card,
    /// An international bank account number: of its country's length, with correct check digits.
    Iban,
    /// A key or token that begins as those of a known service do, and goes on at random.
    ApiKey,
    /// A private key in PEM, or in another form with a heading.
    PrivateKey,
}

/// The first secret in a JSON text.
pub fn find(json: &str) -> Option<Secret> {
    let bytes = json.as_bytes();
    let mut is_inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        let is_word = IS_WORD[usize::from(*byte)];
        if is_word && !is_inside {
            let found = look(bytes, begin(bytes, at));
            if found.is_some() {
                return found;
            }
        }
        is_inside = is_word;
    }
    None
}

/// Where a word begins that seems to begin here: behind JSON's `\n` or `\u00a0` it begins later.
fn begin(bytes: &[u8], at: usize) -> usize {
    let is_escaped = at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\\');
    match bytes.get(at) {
        Some(b'u') if is_escaped => at + 5,
        Some(b'b' | b'f' | b'n' | b'r' | b't') if is_escaped => at + 1,
        _ => at,
    }
}

fn look(bytes: &[u8], at: usize) -> Option<Secret> {
    let first = *bytes.get(at)?;
    if first.is_ascii_digit() {
        return card::is_here(bytes, at).then_some(Secret::Card);
    }
    // The two check digits of an IBAN.
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if is_digit(at + 2) && is_digit(at + 3) && iban::is_here(bytes, at) {
        return Some(Secret::Iban);
    }
    if matches!(first, b'B' | b'P' | b'A') && private_key::is_here(bytes, at) {
        return Some(Secret::PrivateKey);
    }
    (api_key::may_begin(bytes, at) && api_key::is_here(bytes, at)).then_some(Secret::ApiKey)
}

/// Letters and digits: a word's. Everything else, also `_`, is between words.
const IS_WORD: [bool; 256] = {
    let mut is_word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        is_word[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    is_word
};

#[cfg(test)]
mod tests;
