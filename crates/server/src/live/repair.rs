//! JSON that is right by its grammar and still more than most programs can hold: numbers beyond a double, halves of
//! surrogate pairs (RFC 8259 sections 6 and 8.2). A back end's data passes as it came where JSON is spoken; for MessagePack,
//! which has no words for such things, the nearest there is takes their place, so that no entry gets lost over one.

/// The largest double, as JSON.
const LARGEST: &[u8] = b"1.7976931348623157e308";

/// The same JSON with nothing in it that cannot be held.
pub(super) fn repair(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut rest, mut in_string) = (json, false);
    while let Some(&byte) = rest.first() {
        let length = match byte {
            b'\\' => escape(rest, &mut out),
            b'-' | b'0'..=b'9' if !in_string => number(rest, &mut out),
            _ => {
                in_string ^= byte == b'"';
                out.push(byte);
                1
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// Takes an escape, with the one behind it if they are a pair; returns its length.
fn escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let length = match (unit(rest), rest.get(6..).and_then(unit)) {
        (None, _) => 2,
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
        (Some(0xd800..=0xdfff), _) => {
            out.extend_from_slice(b"\\ufffd");
            return 6;
        }
        (Some(_), _) => 6,
    };
    out.extend(rest.iter().take(length));
    length
}

/// The UTF-16 unit of `\uXXXX`.
fn unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Takes a number; returns its length.
fn number(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let belongs = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let number = &rest[..rest.iter().take_while(belongs).count()];
    let value = std::str::from_utf8(number).ok().and_then(|number| number.parse::<f64>().ok());
    match value {
        Some(f64::INFINITY) => out.extend_from_slice(LARGEST),
        Some(f64::NEG_INFINITY) => out.extend([b"-", LARGEST].concat()),
        _ => out.extend_from_slice(number),
    }
    number.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expect: &str) {
        assert_eq!(String::from_utf8(repair(json.as_bytes())).unwrap(), expect);
    }

    #[test]
    fn what_can_be_held_stays_as_it_is() {
        for json in [
            r#"{"a":[1,-2.5e3,0.0],"b":"\ud83d\udc4b \u00fc 👋","c":null}"#,
            r#""\\ud800 \" 1e400""#,
            r#"["1e400","\\",1e308]"#,
        ] {
            check(json, json);
        }
    }

    #[test]
    fn the_nearest_takes_the_place_of_what_cannot() {
        check(r#"["\ud800x","\udc00\ud800"]"#, r#"["\ufffdx","\ufffd\ufffd"]"#);
        check(r#""\ud800\ud83d\udc4b""#, r#""\ufffd\ud83d\udc4b""#);
        check("[1e400,-1E+999]", "[1.7976931348623157e308,-1.7976931348623157e308]");
        check(&"9".repeat(400), "1.7976931348623157e308");
    }
}
