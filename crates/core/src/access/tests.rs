use tidings_protocol::{Role, UserId};
use tidings_settings::Settings;

use super::*;
use crate::identity::Grant;

fn identity(who: &str) -> Identity {
    let anonymous = who == "nobody";
    let (roles, grants): (&[&str], &[&str]) = match who {
        "sam" => (&["support"], &[]),
        "grace" => (&[], &["order_7", "quote_*"]),
        "root" => (&[], &["*"]),
        _ => (&[], &[]),
    };
    Identity {
        user: UserId::parse(who).unwrap(),
        roles: roles.iter().map(|role| Role::parse(role).unwrap()).collect(),
        grants: grants.iter().map(|grant| Grant::parse(grant).unwrap()).collect(),
        anonymous,
        expires_at: None,
    }
}

/// B5: the default kinds, as a table: who, room, may join, may publish.
#[test]
fn b5_default_rules() {
    let kinds = Kinds::new(&Settings::default().rooms);
    for (who, room, join, publish) in [
        ("nobody", "orders", true, false),
        ("nobody", "channel_news", false, false),
        ("nobody", "order_7", false, false),
        ("nobody", "user_nobody_bob", false, false),
        ("ada", "orders", true, false),
        ("ada", "channel_news", true, true),
        ("ada", "order_7", false, false),
        ("ada", "user_ada_bob", true, true),
        ("bob", "user_ada_bob", true, true),
        ("eve", "user_ada_bob", false, false),
        ("ada", "support_1", false, false),
        ("sam", "support_1", true, true),
        ("sam", "order_7", false, false),
        ("grace", "order_7", true, true),
        ("grace", "order_70", false, false),
        ("grace", "quote_1", true, true),
        ("root", "order_9", true, true),
        ("root", "orders", true, true),
    ] {
        let (identity, room) = (identity(who), RoomName::parse(room).unwrap());
        assert_eq!(check(&kinds, &identity, Act::Join, &room).is_ok(), join, "{who} join {room}");
        assert_eq!(check(&kinds, &identity, Act::Publish, &room).is_ok(), publish, "{who} publish {room}");
    }
}

#[test]
fn a_refusal_says_who_may() {
    let kinds = Kinds::new(&Settings::default().rooms);
    let room = RoomName::parse("support_1").unwrap();
    let fault = check(&kinds, &identity("ada"), Act::Join, &room).unwrap_err();
    assert_eq!(fault.code, ErrorCode::Forbidden);
    assert!(fault.message.contains("the role support"), "{fault}");
}

#[test]
fn grants_are_names_or_beginnings() {
    for bad in ["", "a b", "a*b", "**"] {
        assert!(Grant::parse(bad).is_err(), "{bad}");
    }
}
