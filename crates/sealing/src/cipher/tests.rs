use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn cipher(key: &str) -> Cipher {
    Cipher::new(&Zeroizing::new(bytes(key).try_into().unwrap())).unwrap()
}

/// RFC 8452, appendix C.2: key, nonce, additional data, plaintext, result.
const VECTORS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "030000000000000000000000",
        "",
        "",
        "07f5f4169bbf55a8400cd47ea6fd400f",
    ),
    (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "030000000000000000000000",
        "",
        "0100000000000000",
        "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28",
    ),
    (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "030000000000000000000000",
        "01",
        "0200000000000000",
        "1de22967237a813291213f267e3b452f02d01ae33e4ec854",
    ),
];

#[test]
fn rfc_8452() {
    for (key, nonce, context, plain, result) in VECTORS {
        let (cipher, nonce) = (cipher(key), bytes(nonce));
        let mut sealed = Vec::new();
        let fixed = nonce.clone().try_into().unwrap();
        cipher.seal_with(fixed, &bytes(context), &bytes(plain), &mut sealed).unwrap();
        assert_eq!(sealed, [nonce, bytes(result)].concat());
        assert_eq!(cipher.open(&bytes(context), &sealed).unwrap().to_vec(), bytes(plain));
    }
}

#[test]
fn nonces_and_keys_are_new_each_time() {
    let cipher = Cipher::new(&fresh_key().unwrap()).unwrap();
    let seal = || {
        let mut sealed = Vec::new();
        cipher.seal(b"", b"the same", &mut sealed).unwrap();
        sealed
    };
    assert_ne!(seal(), seal());
    assert_ne!(fresh_key().unwrap(), fresh_key().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_was_sealed_is_opened_and_nothing_else(
        plain in proptest::collection::vec(any::<u8>(), 0..200),
        context in proptest::collection::vec(any::<u8>(), 0..40),
        flip in 1..=255_u8,
    ) {
        let cipher = Cipher::new(&fresh_key().unwrap()).unwrap();
        let mut sealed = b"in front".to_vec();
        cipher.seal(&context, &plain, &mut sealed).unwrap();
        let sealed = sealed.split_off(8);
        prop_assert_eq!(sealed.len(), plain.len() + EXTRA_BYTES);
        prop_assert_eq!(&cipher.open(&context, &sealed).unwrap()[..], &plain[..]);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= flip;
            prop_assert!(cipher.open(&context, &changed).is_none());
            prop_assert!(cipher.open(&context, &sealed[..at]).is_none());
        }
        let other = [&context[..], b"x"].concat();
        prop_assert!(cipher.open(&other, &sealed).is_none());
        prop_assert!(Cipher::new(&fresh_key().unwrap()).unwrap().open(&context, &sealed).is_none());
    }
}
