//! Private keys, by the headings that they are stored under.

/// How much of a PEM heading is looked at: `-----BEGIN ENCRYPTED PRIVATE KEY-----` is among the longer ones.
const HEADING: usize = 48;

/// Whether a private key's heading has a word here: `BEGIN` of PEM's, or the whole of PuTTY's and age's.
pub(super) fn is_here(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(heading) = rest.strip_prefix(b"BEGIN ") {
        let heading = &heading[..heading.len().min(HEADING)];
        let is_pem = at.checked_sub(5).and_then(|dashes| bytes.get(dashes..at)) == Some(b"-----");
        let end = heading.windows(5).position(|five| five == b"-----").unwrap_or(heading.len());
        return is_pem && heading[..end].windows(11).any(|words| words == b"PRIVATE KEY");
    }
    rest.starts_with(b"PuTTY-User-Key-File-") || rest.starts_with(b"AGE-SECRET-KEY-1")
}
