use http::StatusCode;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn key(text: &str) -> Key {
    Key(text.into())
}

fn answer(text: &str) -> Answer {
    Answer { status: StatusCode::ACCEPTED, body: text.to_owned().into() }
}

fn do_first(store: &Idempotency, name: &str, now: Monotonic) {
    match store.begin(key(name), fingerprint("publish", b"{}"), now) {
        Ok(Begun::First(claim)) => claim.answered(&answer(name), now),
        _ => panic!("{name} is not the first"),
    }
}

/// What a request with this key and body would meet: `first`, its answer, or a conflict.
fn meets(store: &Idempotency, name: &str, body: &str, now: Monotonic) -> String {
    match store.begin(key(name), fingerprint("publish", body.as_bytes()), now) {
        Ok(Begun::First(_)) => "first".to_owned(),
        Ok(Begun::Done(answer)) => String::from_utf8(answer.body.to_vec()).unwrap(),
        Err(fault) => format!("{} {:?}", fault.code.as_str(), fault.retry_after_ms),
    }
}

#[test]
fn an_answer_is_given_again_for_a_day() {
    let (store, now) = (Idempotency::default(), Monotonic(1));
    do_first(&store, "a", now);
    assert_eq!(meets(&store, "a", "{}", now.after(HOUR * 24 - Duration::from_millis(1))), "a");
    assert_eq!(meets(&store, "a", "{}", now.after(HOUR * 24)), "first");
    assert_eq!(store.state.lock().bytes, 0);
}

#[test]
fn another_body_and_another_operation_are_conflicts() {
    let (store, now) = (Idempotency::default(), Monotonic(1));
    do_first(&store, "a", now);
    assert_eq!(meets(&store, "a", "{ }", now), "conflict None");
    assert!(store.begin(key("a"), fingerprint("publish_batch", b"{}"), now).is_err());
}

#[test]
fn while_the_first_runs_others_wait_and_its_failure_frees_the_key() {
    let (store, now) = (Idempotency::default(), Monotonic(1));
    let running = store.begin(key("a"), fingerprint("publish", b"{}"), now);
    assert_eq!(meets(&store, "a", "{}", now), "conflict Some(500)");
    assert_eq!(meets(&store, "a", "other", now), "conflict None");
    drop(running);
    assert_eq!(meets(&store, "a", "other", now), "first");
}

#[test]
fn the_oldest_go_when_there_are_too_many_or_too_large_ones() {
    let now = Monotonic(1);
    let few = Idempotency { answers_max: 2, ..Idempotency::default() };
    let small = Idempotency { bytes_max: 2 * (OVERHEAD_BYTES + 2), ..Idempotency::default() };
    for store in [few, small] {
        ["a", "b", "c"].iter().for_each(|name| do_first(&store, name, now));
        assert_eq!(meets(&store, "c", "{}", now), "c");
        assert_eq!(meets(&store, "b", "{}", now), "b");
        assert_eq!(meets(&store, "a", "{}", now), "first");
    }
}

#[test]
fn keys_are_visible_ascii() {
    let of = |value: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(value).unwrap());
        Key::of(&headers)
    };
    assert_eq!(Key::of(&HeaderMap::new()), Ok(None));
    assert_eq!(of(b"order-7/paid"), Ok(Some(key("order-7/paid"))));
    assert!(of(&[b'x'; 255]).is_ok());
    for bad in [&b""[..], b"a b", "ü".as_bytes(), &[b'x'; 256]] {
        assert_eq!(of(bad).unwrap_err().path.as_deref(), Some(HEADER));
    }
}
