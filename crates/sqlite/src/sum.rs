//! Check sums of rows. SQLite hands out a flipped bit in a text as if it had been written so; with a sum in the row it is found.

use crc32fast::Hasher;

/// A part of a row.
pub enum Part<'a> {
    /// A text column.
    Text(&'a str),
    /// A blob.
    Bytes(&'a [u8]),
    /// An integer.
    Number(i64),
    /// NULL.
    Nothing,
}

/// CRC-32 over the parts, each with its kind and length, so that nothing can move from one part to the next.
pub fn sum(parts: &[Part<'_>]) -> i64 {
    let mut hash = Hasher::new();
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

impl<'a> From<&'a str> for Part<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<Option<&'a str>> for Part<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl<'a> From<&'a [u8]> for Part<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Part<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_bit_nor_a_border_moves_unseen() {
        let of = |a: &str, b: Option<&str>, n: i64| sum(&[a.into(), b.into(), n.into()]);
        let sums = [
            of("ab", Some("c"), 1),
            of("a", Some("bc"), 1),
            of("ab", None, 1),
            of("ab", Some(""), 1),
            of("ac", Some("c"), 1),
            of("ab", Some("c"), 257),
        ];
        for (index, sum) in sums.iter().enumerate() {
            assert!(!sums[..index].contains(sum), "{index}");
        }
    }
}
