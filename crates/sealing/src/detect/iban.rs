//! International bank account numbers (ISO 13616): country, length, and check digits modulo 97.

/// Longest there is.
const MOST: usize = 34;

/// Countries and the lengths of their numbers: the SWIFT registry, and the countries that use the form without being in it.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"DZ", 26),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IR", 26),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MA", 28),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SN", 28),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// Whether an IBAN begins at this letter, which is the first of its word, together or with single spaces between groups of four.
pub(super) fn is_here(bytes: &[u8], at: usize) -> bool {
    let upper = |at: usize| bytes.get(at).map(u8::to_ascii_uppercase).unwrap_or_default();
    let country = [upper(at), upper(at + 1)];
    let Some((_, length)) = LENGTHS.iter().find(|(code, _)| **code == country) else { return false };
    let (mut letters, mut at) = ([0; MOST], at);
    for (index, place) in letters.iter_mut().enumerate().take(*length) {
        if index > 0 && index % 4 == 0 && upper(at) == b' ' {
            at += 1;
        }
        *place = upper(at);
        if !place.is_ascii_alphanumeric() {
            return false;
        }
        at += 1;
    }
    !upper(at).is_ascii_alphanumeric() && rest(letters.get(..*length).unwrap_or_default()) == 1
}

/// What is left of the number, with its first four letters at the end and A to Z as 10 to 35, when it is divided by 97.
fn rest(letters: &[u8]) -> u32 {
    let (head, account) = letters.split_at(4);
    account.iter().chain(head).fold(0, |rest, letter| match letter {
        b'0'..=b'9' => (rest * 10 + u32::from(letter - b'0')) % 97,
        _ => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}
