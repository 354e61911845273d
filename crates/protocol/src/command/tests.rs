use super::*;

fn parse(json: &str) -> Result<Command, Fault> {
    Incoming::parse(json.as_bytes(), 32).command
}

fn fault(json: &str) -> (ErrorCode, Option<String>) {
    let fault = parse(json).unwrap_err();
    (fault.code, fault.path)
}

#[test]
fn both_spellings_join() {
    let join = parse(r#"{"type":"join_room","room":"orders","since":{"epoch":"e","offset":3}}"#).unwrap();
    let subscribe =
        parse(r#"{"type":"subscribe","channel":"orders","since":{"epoch":"e","offset":3}}"#).unwrap();
    assert_eq!(join, subscribe);
    assert!(matches!(join, Command::JoinRoom { since: Some(_), .. }));
}

#[test]
fn the_mark_comes_back_even_from_a_wrong_message() {
    let incoming = Incoming::parse(br#"{"type":"join_room","room":7,"id":"x-1"}"#, 32);
    assert_eq!(incoming.id, Some(CorrelationId::Text("x-1".into())));
    assert_eq!(incoming.command.unwrap_err().path.as_deref(), Some("room"));
}

#[test]
fn a_wrong_type_names_its_field() {
    for (json, path) in [
        (r#"{"type":5}"#, "type"),
        (r#"{}"#, "type"),
        (r#"{"type":"ping","id":{}}"#, "id"),
        (r#"{"type":"ping","id":true}"#, "id"),
        (r#"{"type":"join_room"}"#, "room"),
        (r#"{"type":"join_room","room":null}"#, "room"),
        (r#"{"type":"join_room","room":["a"]}"#, "room"),
        (r#"{"type":"join_room","room":"a b"}"#, "room"),
        (r#"{"type":"subscribe","room":"a"}"#, "channel"),
        (r#"{"type":"join_room","room":"a","since":7}"#, "since"),
        (r#"{"type":"join_room","room":"a","since":{"epoch":"e","offset":-1}}"#, "since"),
        (r#"{"type":"publish","room":"a","event":"b c"}"#, "event"),
        (r#"{"type":"presence","status":"asleep"}"#, "status"),
        (r#"{"type":"get_presence"}"#, "users"),
        (r#"{"type":"get_presence","users":"ada"}"#, "users"),
        (r#"{"type":"authenticate","token":12}"#, "token"),
    ] {
        assert_eq!(fault(json), (ErrorCode::InvalidRequest, Some(path.to_owned())), "{json}");
    }
    assert_eq!(fault(r#"{"type":"dance"}"#), (ErrorCode::UnknownType, Some("type".to_owned())));
}

#[test]
fn what_is_no_object_is_refused() {
    for json in ["", "nonsense", "[1]", "7", "\"x\"", "{\"type\":", "{\"type\":\"ping\"}}"] {
        assert_eq!(fault(json).0, ErrorCode::InvalidRequest, "{json}");
    }
}

#[test]
fn depth_is_bounded_before_parsing() {
    let deep = format!(
        r#"{{"type":"publish","room":"a","event":"b","data":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(parse(&deep).unwrap_err().message.contains("32 levels"));
}

#[test]
fn errors_do_not_repeat_values() {
    let fault = parse(r#"{"type":"presence","status":"my secret"}"#).unwrap_err();
    assert!(!fault.message.contains("secret"), "{fault}");
    let fault = parse(r#"{"type":"authenticate","token":{"my":"secret"}}"#).unwrap_err();
    assert!(!fault.message.contains("secret"), "{fault}");
}

#[test]
fn data_passes_unread() {
    let Command::Publish { data, .. } =
        parse(r#"{"type":"publish","room":"a","event":"b","data":{"n": 1.0e2}}"#).unwrap()
    else {
        panic!("not a publish")
    };
    assert_eq!(data.as_str(), r#"{"n": 1.0e2}"#);
}

#[test]
fn a_message_that_nests_too_deeply_keeps_its_mark() {
    let deep =
        format!(r#"{{"type":"ping","timestamp":{}{},"id":42}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let Incoming { id, command } = Incoming::parse(deep.as_bytes(), 32);
    assert_eq!(id, Some(CorrelationId::Number(42.into())));
    assert!(command.is_err());
    let within_the_mark = format!(r#"{{"type":"ping","id":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Incoming::parse(within_the_mark.as_bytes(), 32).id, None);
}

#[test]
fn a_cursor_is_a_text_or_an_object_and_else_passed_over() {
    let resume = |json: &str| {
        let text = format!(r#"{{"type":"authenticate","token":"t","resume":{json}}}"#);
        match Incoming::parse(text.as_bytes(), 32).command.unwrap() {
            Command::Authenticate { resume, .. } => resume,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(resume(r#""k3xw:17""#).as_deref(), Some("k3xw:17"));
    let object = r#"{"rooms":{"orders":null}}"#;
    assert_eq!(resume(object).as_deref(), Some(object));
    for other in ["7", "null", "[]"] {
        assert_eq!(resume(other), None, "{other}");
    }
}
