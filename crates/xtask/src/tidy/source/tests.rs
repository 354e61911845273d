use super::{Source, blank};

#[test]
fn only_code_is_left_and_lines_stay() {
    for (text, expect) in [
        ("a // {\nb", "a     \nb"),
        ("a /* { /* } */ \n */ b", "a              \n    b"),
        (r#"f("{\"{", x)"#, r#"f(      , x)"#),
        (r##"f(r#"{"{"#, r#type)"##, "f(        , r#type)"),
        (r"m('{', '\'', '\\', b'}')", "m(   ,     ,     , b   )"),
        ("fn f<'a>(x: &'a str) {", "fn f<'a>(x: &'a str) {"),
    ] {
        assert_eq!(blank(text), expect, "{text}");
    }
}

#[test]
fn tests_at_the_end_are_no_code() {
    let file = Source { path: "crates/a/src/b.rs".into(), text: "a\n#[cfg(test)]\nmod tests {\n}\n".into() };
    assert_eq!(file.code(), "a\n");
}

#[test]
fn tests_are_known_by_their_place() {
    let test = |path: &str| Source { path: path.into(), text: String::new() }.test();
    assert!(test("crates/a/tests/it/main.rs"));
    assert!(test("crates/a/src/b/tests.rs"));
    assert!(test("packages/client/src/a.test.ts"));
    assert!(!test("crates/a/src/contest.rs"));
}
