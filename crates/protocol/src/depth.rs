//! How deep JSON nests, found without recursion, before any parser meets it.

use crate::{ErrorCode, Fault};

/// Refuses JSON in which an array or object nests deeper than `depth_max`. The text need not be valid JSON.
///
/// # Errors
/// `invalid_request`.
pub fn check(json: &[u8], depth_max: usize) -> Result<(), Fault> {
    if within(json, depth_max) {
        return Ok(());
    }
    let message = format!("nested too deeply: at most {depth_max} levels are allowed");
    Err(Fault::new(ErrorCode::InvalidRequest, message))
}

fn within(json: &[u8], depth_max: usize) -> bool {
    // Most texts have fewer brackets than that in all, which is found sixteen bytes at a time.
    json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= depth_max
        || nests_within(json, depth_max)
}

fn nests_within(json: &[u8], depth_max: usize) -> bool {
    let mut depth = 0usize;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                depth += 1;
                if depth > depth_max {
                    return false;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn counts_nesting_outside_strings() {
        assert!(within(br#"{"a":[1,{"b":"[[[[{{{\"[["}]}"#, 3));
        assert!(!within(br#"{"a":[1,{"b":2}]}"#, 2));
        assert!(!within("[".repeat(100_000).as_bytes(), 32));
        assert!(within(br#""unfinished \"#, 0));
    }
}
