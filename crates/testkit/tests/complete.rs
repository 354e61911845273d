//! No promise is forgotten: every one that is written is one that runs.

const GROUPS: &[(&str, &str)] = &[
    ("audit", include_str!("../src/contract/store/audit.rs")),
    ("chat", include_str!("../src/contract/store/chat.rs")),
    ("copies", include_str!("../src/contract/store/copies.rs")),
    ("entries", include_str!("../src/contract/store/entries.rs")),
    ("erasing", include_str!("../src/contract/store/erasing.rs")),
    (
        "inboxes",
        concat!(
            include_str!("../src/contract/store/inboxes.rs"),
            include_str!("../src/contract/store/inboxes/later.rs"),
            include_str!("../src/contract/store/inboxes/receipts.rs"),
        ),
    ),
    ("jobs", include_str!("../src/contract/store/jobs.rs")),
    ("keys", include_str!("../src/contract/store/keys.rs")),
    ("lasting", include_str!("../src/contract/store/lasting.rs")),
    ("members", include_str!("../src/contract/store/members.rs")),
    ("order", include_str!("../src/contract/store/order.rs")),
    ("pages", include_str!("../src/contract/store/pages.rs")),
    ("receipts", include_str!("../src/contract/store/receipts.rs")),
    ("rooms", include_str!("../src/contract/store/rooms.rs")),
    ("search", include_str!("../src/contract/store/search.rs")),
    ("users", include_str!("../src/contract/store/users.rs")),
];

#[test]
fn every_promise_is_in_the_list() {
    let list = include_str!("../src/contract/store.rs");
    for (group, source) in GROUPS {
        let listed = list.split(&format!("{group}: [")).nth(1).and_then(|rest| rest.split(']').next());
        let listed = listed.unwrap_or_else(|| panic!("no group {group}"));
        let mut listed: Vec<&str> =
            listed.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let mut written: Vec<&str> =
            source.split("\npub async fn ").skip(1).filter_map(|rest| rest.split('(').next()).collect();
        listed.sort_unstable();
        written.sort_unstable();
        assert_eq!(listed, written, "{group}");
    }
}
