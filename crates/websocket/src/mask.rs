//! The XOR of RFC 6455 section 5.3, eight bytes at a time. Masking and unmasking are the same operation.

/// XORs `bytes` in place with `key` and returns the key as the bytes after these need it, so that a payload may arrive in
/// pieces of any length.
pub(crate) fn apply(bytes: &mut [u8], key: [u8; 4]) -> [u8; 4] {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut next = key;
    next.rotate_left(bytes.len() % 4);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    // A word is a whole number of keys, so the tail starts with the key's first byte again.
    for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_cut_is_the_plain_byte_by_byte_xor() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        for length in 0..40 {
            let plain: Vec<u8> = (0..length).collect();
            let expected: Vec<u8> = plain.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect();
            for cut in 0..=plain.len() {
                let mut bytes = plain.clone();
                let next = apply(&mut bytes[..cut], key);
                apply(&mut bytes[cut..], next);
                assert_eq!(bytes, expected, "length {length}, cut at {cut}");
            }
        }
    }
}
