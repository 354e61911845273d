//! How long an RSA key is. Signatures by one that is too short are refused when a token comes; whoever starts a server should hear it before.

/// Lengths of the modulus, in bits, that signatures are verified with.
const VERIFIED: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Refuses a public key that no signature would be verified with. `key` is an `RSAPublicKey` of RFC 8017, A.1.1, in DER.
pub(super) fn check_length(key: &[u8]) -> Result<(), String> {
    match modulus_bits(key) {
        Some(bits) if VERIFIED.contains(&bits) => Ok(()),
        Some(bits) if bits > *VERIFIED.end() => {
            Err(format!("an RSA key of {bits} bits, expected at most {}", VERIFIED.end()))
        }
        Some(bits) => Err(format!("an RSA key of {bits} bits, expected at least {}", VERIFIED.start())),
        None => Err("an RSA key that cannot be read".to_owned()),
    }
}

/// The modulus' length: the first number of the sequence.
fn modulus_bits(key: &[u8]) -> Option<usize> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let modulus = contents(contents(key, SEQUENCE)?, INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros)?;
    Some((modulus.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// What is in a value of this type at the beginning of some DER.
fn contents(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (length, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        // A length of more than four bytes is no key's.
        long @ 0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key whose modulus has this many bits, as DER.
    fn key(bits: usize) -> Vec<u8> {
        let wrap = |tag: u8, inside: &[u8]| {
            let length = u16::try_from(inside.len()).unwrap().to_be_bytes();
            [&[tag, 0x82], &length[..], inside].concat()
        };
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= (8 - bits % 8) % 8;
        modulus.insert(0, 0);
        wrap(0x30, &[wrap(0x02, &modulus), vec![0x02, 0x03, 1, 0, 1]].concat())
    }

    #[test]
    fn lengths() {
        for bits in [1024, 2047, 2048, 4096, 8192] {
            assert_eq!(modulus_bits(&key(bits)), Some(bits));
        }
        assert!(check_length(&key(2048)).is_ok() && check_length(&key(8192)).is_ok());
        assert_eq!(check_length(&key(1024)).unwrap_err(), "an RSA key of 1024 bits, expected at least 2048");
        assert_eq!(check_length(&key(8200)).unwrap_err(), "an RSA key of 8200 bits, expected at most 8192");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = key(2048);
        for end in [0, 1, 2, 4, 10, good.len() - 6] {
            assert_eq!(modulus_bits(&good[..end]), None, "{end}");
        }
        for wrong in
            [&[0x30, 0x80][..], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02], &[0x30, 0x02, 0x02, 0x00]]
        {
            assert_eq!(modulus_bits(wrong), None);
        }
    }
}
