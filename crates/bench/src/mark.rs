//! What every published entry carries so that each delivery can be checked and timed: a stream, a place in it, and when it was
//! sent. Written as one JSON string of fixed length, so that any server hands it on unchanged however it spaces its JSON.

use memchr::memmem;

/// How a mark begins.
const PREFIX: &[u8] = b"bench-";
/// Hexadecimal digits after it: stream, place, time.
const DIGITS: usize = 8 + 8 + 16;
/// JSON around mark and padding.
const AROUND: usize = r#"{"mark":"","pad":""}"#.len();
/// The least size of an entry's data.
pub(crate) const SIZE_MIN: usize = AROUND + PREFIX.len() + DIGITS;

/// Which entry of which stream, sent when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// A room's number, or a user's with [`Mark::USER`] set.
    pub(crate) stream: u32,
    /// Its place in the stream, from 0 without holes.
    pub(crate) seq: u32,
    /// When it was to be sent, in nanoseconds of [`crate::clock`].
    pub(crate) at: u64,
}

impl Mark {
    /// Set in the streams of single users.
    pub(crate) const USER: u32 = 0x8000_0000;

    /// Appends the mark itself, text without quotes.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(PREFIX);
        hex(u64::from(self.stream), 8, out);
        hex(u64::from(self.seq), 8, out);
        hex(self.at, 16, out);
    }

    /// Appends the data of an entry, `size` bytes of JSON.
    pub(crate) fn write_data(self, size: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"mark":""#);
        self.write(out);
        out.extend_from_slice(br#"","pad":""#);
        out.resize(out.len() + size.saturating_sub(SIZE_MIN), b'.');
        out.extend_from_slice(br#""}"#);
    }

    /// Finds the mark in a message. `None`: it is not one of ours.
    pub(crate) fn find(message: &[u8]) -> Option<Self> {
        let mut rest = message;
        // A sender's name may begin like a mark.
        while let Some(from) = memmem::find(rest, PREFIX) {
            rest = rest.get(from + PREFIX.len()..)?;
            if let Some(mark) = Self::read(rest) {
                return Some(mark);
            }
        }
        None
    }

    fn read(message: &[u8]) -> Option<Self> {
        let digits = message.get(..DIGITS)?;
        let stream = u32::try_from(number(&digits[..8])?).ok()?;
        let seq = u32::try_from(number(&digits[8..16])?).ok()?;
        Some(Self { stream, seq, at: number(&digits[16..])? })
    }
}

fn hex(value: u64, digits: u32, out: &mut Vec<u8>) {
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(value >> (4 * place) & 15) as usize]);
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_as_written() {
        let mark = Mark { stream: 7 | Mark::USER, seq: 0xdead, at: u64::MAX - 3 };
        let mut message = br#"{"type":"bench","from":"bench-1","data":"#.to_vec();
        assert_eq!(Mark::find(&message), None);
        let behind_a_name = message.len();
        mark.write_data(200, &mut message);
        assert_eq!(Mark::find(&message), Some(mark), "behind a name that begins like one");
        message.drain(..behind_a_name);
        assert_eq!(message.len(), 200);
        assert!(serde_json::from_slice::<serde_json::Value>(&message).is_ok());
        assert_eq!(Mark::find(&message), Some(mark));
        assert_eq!(Mark::find(&message[..46]), None);
    }
}
