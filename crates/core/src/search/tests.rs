use proptest::prelude::*;

use super::*;
use crate::RoomKey;

fn plain(text: &str) -> Vec<String> {
    words(text, 100).into_iter().map(|word| word.text).collect()
}

fn finds(query: &str, text: &str) -> bool {
    let Some(query) = Query::parse(query).unwrap() else { return false };
    let found = query.found_in(text).is_some();
    if found {
        let room = RoomKey::Everyone;
        let tokens = Token::of_message(&room, None, text);
        assert!(query.tokens().iter().all(|token| tokens.contains(token)), "an index would find it: {text}");
    }
    found
}

#[test]
fn e3_words_are_what_is_left_of_capitals_accents_and_signs() {
    for (text, expected) in [
        ("Hello, World!", &["hello", "world"][..]),
        ("Crème BRÛLÉE", &["creme", "brulee"]),
        ("Straße STRASSE strasse", &["strasse", "strasse", "strasse"]),
        ("e-mail: a@b.example", &["e", "mail", "a", "b", "example"]),
        ("snake_case 3.5", &["snake", "case", "3", "5"]),
        ("東京へ", &["東", "京", "へ"]),
        ("ｆｕｌｌ ﬁne", &["full", "fine"]),
        ("🎉🎉 ok 👍🏽", &["🎉", "🎉", "ok", "👍"]),
        ("שָׁלוֹם مُحَمَّد", &["שלום", "محمد"]),
        ("Привет", &["привет"]),
        ("हिन्दी", &["हिन्दी"]),
        ("a\u{0}b\nc", &["a", "b", "c"]),
        ("… !? \" ' -- ()", &[]),
    ] {
        assert_eq!(plain(text), expected, "{text}");
    }
    assert_eq!(plain("한국어"), plain("\u{1112}\u{1161}\u{11ab}국어"), "composed or not");
    assert_eq!(plain(&"x".repeat(10_000)), ["x".repeat(64)]);
}

#[test]
fn e3_all_words_are_asked_for_and_the_last_may_go_on() {
    for (query, text, expected) in [
        ("printer fire", "The printer is on fire", true),
        ("printer fire", "The printer is out of ink", false),
        ("FIRE Printer", "The printer is on fire", true),
        ("prin", "The printer is on fire", true),
        ("prin ", "The printer is on fire", false),
        ("prin fire", "The printer is on fire", false),
        ("pr", "The printer is on fire", false),
        ("on", "The printer is on fire", true),
        ("printe", "The printers", true),
        ("interna", "international", true),
        ("internal", "international", false),
        ("e-mail", "an e-mail", true),
        ("e-mail", "an e mail", true),
        ("e-mail", "mail me an e", false),
        ("inv-2024-1", "see INV-2024-17", false),
        ("inv-2024-17", "see INV-2024-17!", true),
        ("東京", "私は東京へ行く", true),
        ("東京", "京東", false),
        ("京", "東京", true),
        ("🎉", "done 🎉", true),
        ("한국", "한국어를", true),
        ("cafe", "Café", true),
        ("O'Brien", "o’brien", true),
    ] {
        assert_eq!(finds(query, text), expected, "{query} in {text}");
    }
}

#[test]
fn e3_a_query_is_bounded_and_may_be_nothing() {
    for nothing in ["", " ", "\"*\"", "-- ( ) :", "\u{0}", "\u{200d}"] {
        assert!(Query::parse(nothing).unwrap().is_none(), "{nothing:?}");
    }
    assert_eq!(Query::parse(&"a".repeat(1_025)).err(), Some(InvalidQuery::Long));
    assert_eq!(Query::parse(&"a ".repeat(17)).err(), Some(InvalidQuery::Wordy));
    assert!(Query::parse(&"a ".repeat(16)).unwrap().is_some());
}

#[test]
fn e3_a_better_hit_is_the_lesser() {
    let query = Query::parse("red door").unwrap().unwrap();
    let hits = |text: &str| query.found_in(text).unwrap();
    let (near, far) = (hits("the red door"), hits("the door of the red house"));
    assert_eq!(near.cmp_best(&far), std::cmp::Ordering::Less);
    let longer = format!("red door {}", "and more ".repeat(50));
    assert_eq!(near.cmp_best(&hits(&longer)), std::cmp::Ordering::Less);
    assert_eq!(near.cmp_best(&hits("a red doorbell")), std::cmp::Ordering::Less, "a whole word is better");
}

#[test]
fn e3_a_snippet_is_the_stretch_with_the_hits_and_marks_nothing_in_the_text() {
    let shown = |query: &str, text: &str| {
        snippet(text, &Query::parse(query).unwrap().unwrap().found_in(text).unwrap())
    };
    assert_eq!(
        shown("fire", "<b>Fire</b>\nnow"),
        [("<b>".into(), false), ("Fire".into(), true), ("</b> now".into(), false)]
    );
    assert_eq!(shown("cafe", "Cafe\u{301}s")[0], ("Cafe\u{301}s".into(), true), "with its accent");
    let long = format!("{} needle in {}", "hay ".repeat(200), "straw ".repeat(200));
    let pieces = shown("needle", &long);
    let whole: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
    assert!(whole.chars().count() <= SNIPPET_CHARS_MAX + 2, "{whole}");
    assert!(whole.starts_with("…hay") && whole.ends_with('…'), "{whole}");
    assert_eq!(pieces.iter().filter(|(_, hit)| *hit).count(), 1);
}

#[test]
fn what_is_searched_of_a_message_is_its_content() {
    let text = |data: &str| text_of(&serde_json::from_str(data).unwrap());
    assert_eq!(text(r#"{"content": "a\u0000\"b", "more": [1]}"#).as_deref(), Some("a\u{0}\"b"));
    for other in ["null", "1", r#"{"content": null}"#, r#"{"content": {}}"#, "[]"] {
        assert_eq!(text(other), None);
    }
}

proptest! {
    /// Any word of any text finds it, and what it shows is of the text.
    #[test]
    fn e3_any_word_of_a_text_finds_it(text in "\\PC{0,400}", pick in 0usize..100) {
        let all = words(&text, MESSAGE_WORDS_MAX);
        if let Some(word) = all.get(pick % all.len().max(1)) {
            let part = &text[word.at.clone()];
            // A character that stands for several words, like ¼, is part of others' where they touch it.
            prop_assume!(part.len() <= QUERY_BYTES_MAX && plain(part) == [word.text.clone()]);
            prop_assert!(finds(part, &text), "{:?}", part);
            let query = Query::parse(part).unwrap();
            if let Some(hits) = query.and_then(|query| query.found_in(&text)) {
                let whole: String = snippet(&text, &hits).into_iter().map(|(part, _)| part).collect();
                prop_assert!(whole.chars().count() <= SNIPPET_CHARS_MAX + 2);
                prop_assert!(text.replace(char::is_control, " ").contains(whole.trim_matches('…')) || whole.contains('…'));
            }
        }
    }
}
