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
        issued_at: None,
        expires_at: None,
    }
}

/// B5, J6: the default kinds, as a table: who, whether a member, room, why they may read it, why they may publish in it. Every way of
/// reading has the one answer.
#[test]
fn b5_j6_default_rules() {
    use Why::{Anyone, Granted, Member, Named, SignedIn};
    let support = || Some(Why::Role("support".into()));
    let kinds = Kinds::new(&Settings::default().rooms);
    for (who, is_member, room, read, publish) in [
        ("nobody", false, "orders", Some(Anyone), None),
        ("nobody", false, "channel_news", None, None),
        ("nobody", true, "order_7", None, None),
        ("nobody", false, "user_nobody_bob", None, None),
        ("ada", false, "orders", Some(Anyone), None),
        ("ada", true, "orders", Some(Anyone), None),
        ("ada", false, "channel_news", Some(SignedIn), Some(SignedIn)),
        ("ada", false, "order_7", None, None),
        ("ada", true, "order_7", Some(Member), Some(Member)),
        ("ada", true, "quote_7", Some(Member), Some(Member)),
        ("ada", false, "user_ada_bob", Some(Named), Some(Named)),
        ("bob", false, "user_ada_bob", Some(Named), Some(Named)),
        ("eve", false, "user_ada_bob", None, None),
        ("eve", true, "user_ada_bob", None, None),
        ("ada", false, "support_1", None, None),
        ("ada", true, "support_1", Some(Member), Some(Member)),
        ("sam", false, "support_1", support(), support()),
        ("sam", false, "order_7", None, None),
        ("grace", false, "order_7", Some(Granted), Some(Granted)),
        ("grace", false, "order_70", None, None),
        ("grace", false, "quote_1", Some(Granted), Some(Granted)),
        ("root", false, "order_9", Some(Granted), Some(Granted)),
        ("root", false, "orders", Some(Granted), Some(Granted)),
    ] {
        let (identity, room) = (identity(who), RoomName::parse(room).unwrap());
        for act in Act::ALL {
            let expected = if act == Act::Publish { &publish } else { &read };
            let decided = decide(&kinds, &identity, act, &room, is_member);
            assert_eq!(decided.ok().as_ref(), expected.as_ref(), "{who} {act:?} {room}");
        }
    }
}

#[test]
fn a_refusal_says_who_may() {
    let kinds = Kinds::new(&Settings::default().rooms);
    let room = RoomName::parse("support_1").unwrap();
    let fault = decide(&kinds, &identity("ada"), Act::Join, &room, false).unwrap_err();
    assert_eq!(fault.code, ErrorCode::Forbidden);
    assert!(fault.message.contains("the role support"), "{fault}");
}

#[test]
fn grants_are_names_or_beginnings() {
    for bad in ["", "a b", "a*b", "**"] {
        assert!(Grant::parse(bad).is_err(), "{bad}");
    }
}
