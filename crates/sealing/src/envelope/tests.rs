use proptest::prelude::*;
use tidings_protocol::Timestamp;

use super::*;
use crate::cipher::fresh_key;

fn key() -> DataKey {
    DataKey { id: DataKeyId([7; 16]), cipher: Cipher::new(&fresh_key().unwrap()).unwrap() }
}

fn json(text: &str) -> Json {
    parse(text.as_bytes()).unwrap()
}

fn id(millis: u64) -> EntryId {
    EntryId::new(Timestamp::from_millis(millis))
}

/// Opens what a store has.
fn open(kept: &Json, key: &DataKey, place: &str, entry: EntryId) -> Option<Json> {
    match look(kept) {
        Kept::Sealed(envelope) if envelope.key == key.id => parse(&envelope.open(key, place, entry)?),
        _ => None,
    }
}

#[test]
fn data_that_looks_like_ours_comes_back_as_it_was() {
    for text in [
        r#""tidings.sealed:""#,
        r#""tidings.sealed:AAAA""#,
        r#""tidings.plain:""#,
        r#""tidings.plain:tidings.plain:\u0041\"""#,
        r#""tidings.sealed:a \"quoted\" end\\""#,
    ] {
        let data = json(text);
        assert!(is_reserved(&data), "{text}");
        let kept = escape(&data).unwrap();
        assert!(!kept.as_str().starts_with(SEALED));
        assert_eq!(look(&kept), Kept::Escaped(data));
    }
    for text in [
        "null",
        "1",
        r#"{"tidings.sealed":1}"#,
        r#""tidings""#,
        r#""tidings.other:""#,
        r#""\u0074idings.sealed:""#,
    ] {
        let data = json(text);
        assert!(!is_reserved(&data), "{text}");
        assert_eq!(look(&data), Kept::AsItIs);
    }
}

#[test]
fn what_was_never_written_there_is_damage() {
    for text in
        [r#""tidings.sealed:""#, r#""tidings.sealed:AQcHBwcHBwcHBwcHBwcHBwc""#, r#""tidings.sealed:!!!!""#]
    {
        assert_eq!(look(&json(text)), Kept::Damaged, "{text}");
    }
    // A version that is not ours.
    let version = URL_SAFE_NO_PAD.encode([2; 60]);
    assert_eq!(look(&json(&format!("{SEALED}{version}\""))), Kept::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn it_opens_in_its_place_and_as_it_was_written_only(text in ".{0,60}", at in 0_u64..1 << 40, flip in 1..=255_u8) {
        let (key, here, entry) = (key(), "room:orders", id(at));
        let data = Json::of(&text).unwrap();
        let kept = seal(&key, here, entry, &data).unwrap();
        prop_assert!(is_reserved(&kept));
        prop_assert_eq!(open(&kept, &key, here, entry), Some(data.clone()));
        // Another place, another entry, another room's key under the same id.
        for elsewhere in ["room:order", "room:orders1", "user:orders", "everyone"] {
            prop_assert_eq!(open(&kept, &key, elsewhere, entry), None);
        }
        prop_assert_eq!(open(&kept, &key, here, id(at)), None);
        prop_assert_eq!(open(&kept, &self::key(), here, entry), None);
        // Every byte counts.
        let encoded = &kept.as_str()[SEALED.len()..kept.as_str().len() - 1];
        let bytes = URL_SAFE_NO_PAD.decode(encoded).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= flip;
            let changed = json(&format!("{SEALED}{}\"", URL_SAFE_NO_PAD.encode(changed)));
            prop_assert_eq!(open(&changed, &key, here, entry), None);
            // Also by whoever believes in the other id.
            if let Kept::Sealed(envelope) = look(&changed) {
                prop_assert!(envelope.open(&key, here, entry).is_none());
            }
        }
    }
}
