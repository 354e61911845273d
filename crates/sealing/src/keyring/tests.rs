use super::*;
use crate::cipher::fresh_key;

const A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const B: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn ring(keys: &[(&str, &str)]) -> Keyring {
    let keys: Vec<Secret> = keys.iter().map(|(id, key)| Secret::new(format!("{id}:{key}"))).collect();
    Keyring::new(&keys).unwrap()
}

#[test]
fn the_first_seals_and_all_open() {
    let (old, both, new) = (ring(&[("a", A)]), ring(&[("b", B), ("a", A)]), ring(&[("b", B)]));
    let (id, key) = (DataKeyId([1; 16]), fresh_key().unwrap());
    let wrapped = old.wrap(id, "room:orders".into(), &key).unwrap();
    assert_eq!((&*wrapped.master, both.first()), ("a", Some("b")));
    assert_eq!(both.unwrap(&wrapped), Ok(key.clone()));
    assert_eq!(new.check(&wrapped), Err(Trouble::Missing("a".into())));
    let again = both.rewrap(&wrapped).unwrap().unwrap();
    assert_eq!((again.id, &*again.scope, &*again.master), (id, "room:orders", "b"));
    assert_eq!(new.unwrap(&again), Ok(key));
    assert_eq!(both.rewrap(&again), Ok(None), "it is already");
    assert_eq!(ring(&[]).wrap(id, "x".into(), &fresh_key().unwrap()), Err(Trouble::NoKey));
}

#[test]
fn another_key_with_the_same_id_and_anything_changed_is_noticed() {
    let ring_a = ring(&[("a", A)]);
    let wrapped = ring_a.wrap(DataKeyId([1; 16]), "room:orders".into(), &fresh_key().unwrap()).unwrap();
    let wrong = Err(Trouble::Wrong("a".into()));
    assert_eq!(ring(&[("a", B)]).check(&wrapped), wrong);
    assert_eq!(ring_a.check(&WrappedKey { scope: "room:order".into(), ..wrapped.clone() }), wrong);
    assert_eq!(ring_a.check(&WrappedKey { id: DataKeyId([2; 16]), ..wrapped.clone() }), wrong);
    for at in 0..wrapped.wrapped.len() {
        let mut changed = wrapped.clone();
        changed.wrapped[at] ^= 1;
        assert_eq!(ring_a.check(&changed), wrong, "{at}");
    }
    let moved = WrappedKey { master: "b".into(), ..wrapped };
    assert_eq!(ring(&[("b", A)]).check(&moved), Err(Trouble::Wrong("b".into())));
}

#[test]
fn no_key_is_shown() {
    let ring = ring(&[("a", A), ("b", B)]);
    assert_eq!(format!("{ring:?}"), r#"["a", "b"]"#);
    for wrong in ["a:AAEC", "secret-without-id", ""] {
        let said = Keyring::new(&[Secret::new(wrong)]).unwrap_err();
        assert!(said.contains("32 bytes") && !said.contains("secret-"), "{said}");
    }
}
