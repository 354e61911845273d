//! The sums that the store's rows carry (`crates/sqlite/src/sum.rs`), written once more. The server checks each when it reads what
//! this crate has written, so the two cannot part unseen.

/// A part of a row.
pub(super) enum Part<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Number(i64),
    Nothing,
}

/// CRC-32 over the parts, each with its kind and length before it.
pub(super) fn sum(parts: &[Part<'_>]) -> i64 {
    let mut hash = crc32fast::Hasher::new();
    for part in parts {
        let number: [u8; 8];
        let (kind, bytes): (u8, &[u8]) = match part {
            Part::Text(text) => (1, text.as_bytes()),
            Part::Bytes(bytes) => (2, bytes),
            Part::Number(value) => {
                number = value.to_be_bytes();
                (3, &number)
            }
            Part::Nothing => (4, &[]),
        };
        hash.update(&[kind]);
        hash.update(&(bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    i64::from(hash.finalize())
}
