//! Times as people write them: `250ms`, `20s`, `1h30m`, `90d`.

use std::time::Duration;

/// Units from the longest to the shortest, in milliseconds. A text names each at most once, in this order.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a time. `None` where the text is not one; a bare `0` is, since no unit changes it.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
        let (unit, tail) = tail.split_at(letters);
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
        rest = tail;
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// Writes a time so that `parse` reads it back. Whole milliseconds; `0s` for none.
pub(crate) fn text(time: Duration) -> String {
    let mut left = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in UNITS {
        if left >= factor {
            text.push_str(&format!("{}{unit}", left / factor));
            left %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads() {
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(parse(text), expect.map(Duration::from_millis), "{text:?}");
        };
        check("250ms", Some(250));
        check("20s", Some(20_000));
        check("5m", Some(300_000));
        check("1h30m", Some(5_400_000));
        check("90d", Some(90 * 86_400_000));
        check("1m250ms", Some(60_250));
        check("0", Some(0));
        check("0s", Some(0));
        for wrong in [
            "",
            "s",
            "20",
            "20 s",
            "-5s",
            "+5s",
            "1.5h",
            "30m1h",
            "5s5s",
            "5x",
            "5S",
            "s5",
            "99999999999999d",
        ] {
            check(wrong, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(millis in 0u64..10_000_000_000_000) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(parse(&text(time)), Some(time));
        }

        #[test]
        fn reading_never_panics(text in ".{0,24}") {
            let _ = parse(&text);
        }
    }
}
