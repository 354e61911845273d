//! Numbers of payment cards (ISO/IEC 7812): the forms that networks give out, checked by Luhn.

const LEAST: usize = 13;
const MOST: usize = 19;
/// Digits of a group at least, where there are several: dates and lists of small numbers are none.
const GROUP: usize = 3;

/// Whether a card's number begins at this digit, which is the first of its word.
pub(super) fn is_here(bytes: &[u8], at: usize) -> bool {
    // Most numbers are short.
    if !bytes.get(at..at + GROUP).is_some_and(|group| group.iter().all(u8::is_ascii_digit)) {
        return false;
    }
    let before = |by: usize| at.checked_sub(by).and_then(|place| bytes.get(place)).copied();
    // Behind the point of a fraction, or in a telephone number.
    let is_fraction = before(1) == Some(b'.') && before(2).is_some_and(|byte| byte.is_ascii_digit());
    if is_fraction || before(1) == Some(b'+') {
        return false;
    }
    let (mut digits, mut count, mut at) = ([0; MOST], 0, at);
    loop {
        let group =
            bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let Some(places) = digits.get_mut(count..count + group) else { return false };
        for (place, byte) in places.iter_mut().zip(&bytes[at..]) {
            *place = byte - b'0';
        }
        (count, at) = (count + group, at + group);
        let next = |by: usize| bytes.get(at + by).copied().unwrap_or(b'"');
        // What goes on with a letter or a fraction is no number of digits.
        if next(0).is_ascii_alphabetic() || (next(0) == b'.' && next(1).is_ascii_digit()) {
            return false;
        }
        let found = digits.get(..count).unwrap_or_default();
        if count >= LEAST && is_given_out(found) && luhn(found) {
            return true;
        }
        let goes_on = matches!(next(0), b' ' | b'-') && (1..=GROUP).all(|by| next(by).is_ascii_digit());
        if group < GROUP || !goes_on {
            return false;
        }
        at += 1;
    }
}

/// Whether some network has numbers of this beginning and length. Times and most ids begin with 0 or 1.
fn is_given_out(digits: &[u8]) -> bool {
    let first_four = digits.iter().take(4).fold(0_u16, |sum, digit| sum * 10 + u16::from(*digit));
    match (first_four, digits.len()) {
        // American Express, Diners, JCB.
        (3000..=3999, 14..=16 | 19) => true,
        // Visa.
        (4000..=4999, 13 | 16 | 19) => true,
        // Mastercard, Maestro, Discover, UnionPay, RuPay.
        (5000..=6999, _) => true,
        // Mir, Mastercard.
        (2200..=2204, 16..) | (2221..=2720, 16) => true,
        // RuPay, Uzcard, Troy, Humo.
        (8100..=8299 | 8600 | 9792 | 9860, 16) => true,
        // UATP.
        (1000..=1999, 15) => true,
        _ => false,
    }
}

/// The check digit: every second digit from the right is doubled, and all of them together end in 0.
fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let value =
        |(index, digit): (usize, &u8)| u32::from(if index % 2 == 1 { doubled(*digit) } else { *digit });
    digits.iter().rev().enumerate().map(value).sum::<u32>().is_multiple_of(10)
}
