//! What nobody outside can bring about at will: what happens between a message and its mention, and what time does.

use tidings_protocol::{
    ErrorCode, UserId,
    chat::{ChatMessage, MessageDraft, UpTo},
};
use tidings_settings::{Access, Earlier, Keep, RoomRule};

use super::{mentions::Mentioned, *};
use crate::{
    Identity, Kinds, MemoryStore, Tidings,
    store::{
        chat::{Act, ClientId, Sending, Version},
        inbox::Reader,
    },
    tidings::notifications::json,
    tidings::stage::{Still, run, tidings_of, tidings_on},
};

const ROOM: &str = "channel_general";

fn named(user: &str) -> Identity {
    let user = user.parse().unwrap();
    let (roles, grants) = (Vec::new(), Vec::new());
    Identity { user, roles, grants, anonymous: false, issued_at: None, expires_at: None }
}

fn stage() -> (Tidings, std::sync::Arc<Still>) {
    let clock = std::sync::Arc::new(Still::default());
    (tidings_on(Box::new(MemoryStore::default()), &[], &clock), clock)
}

fn send(tidings: &Tidings, user: &str, content: &str, mentions: &[&str]) -> Acted {
    let mentions = mentions.iter().map(|user| user.parse().unwrap()).collect();
    let draft = MessageDraft { content: content.into(), mentions, ..MessageDraft::default() };
    run(tidings.send_message(Author::User(&named(user)), &ROOM.parse().unwrap(), draft, None)).unwrap()
}

fn badge(tidings: &Tidings, user: &str) -> u64 {
    run(tidings.counters(Reader { user: user.parse().unwrap(), roles: Vec::new() })).unwrap().unread
}

/// What versions say.
fn said(versions: Vec<Version>) -> Vec<String> {
    let data = |version: Version| serde_json::from_str::<serde_json::Value>(version.data.as_str()).unwrap();
    versions.into_iter().map(|version| data(version)["content"].as_str().unwrap().to_owned()).collect()
}

/// Tells a mention a second time, as one would that comes late.
fn tell_late(tidings: &Tidings, message: Acted, user: &str) {
    let room = ROOM.parse().unwrap();
    let key = crate::RoomKey::Named(ROOM.parse().unwrap());
    let found = run(tidings.store().message(key, message.id, None)).unwrap().unwrap();
    let users: Vec<UserId> = vec![user.parse().unwrap()];
    let late = Mentioned { message: &found.entry, room: &room, users, content: "late" };
    run(tidings.tell_mentioned(late)).unwrap();
}

#[test]
fn j7_a_mention_that_comes_late_finds_the_message_read() {
    let (tidings, _) = stage();
    let message = send(&tidings, "ada", "Bob?", &[]);
    let (bob, room) = (named("bob"), ROOM.parse().unwrap());
    run(tidings.mark_room_read(Author::User(&bob), &room, UpTo::Message(message.id), true)).unwrap();
    // The message itself says whom it mentions; told without that, it is taken back.
    tell_late(&tidings, message, "bob");
    assert_eq!(badge(&tidings, "bob"), 0);

    let message = send(&tidings, "ada", "Bob!", &["bob"]);
    assert_eq!(badge(&tidings, "bob"), 1);
    run(tidings.mark_room_read(Author::User(&bob), &room, UpTo::Message(message.id), false)).unwrap();
    tell_late(&tidings, message, "bob");
    assert_eq!(badge(&tidings, "bob"), 0);
}

#[test]
fn j7_a_mention_that_comes_late_finds_the_message_deleted() {
    let (tidings, _) = stage();
    let message = send(&tidings, "ada", "Bob?", &["bob"]);
    run(tidings.delete_message(Author::User(&named("ada")), &ROOM.parse().unwrap(), message.id)).unwrap();
    assert_eq!(badge(&tidings, "bob"), 0);
    tell_late(&tidings, message, "bob");
    assert_eq!(badge(&tidings, "bob"), 0);
}

#[test]
fn j7_a_message_that_is_sent_again_notifies_whom_it_could_not_before() {
    let (tidings, _) = stage();
    let (ada, bob, room) = (named("ada"), named("bob"), ROOM.parse().unwrap());
    let draft = |content: &str| MessageDraft {
        content: content.into(),
        mentions: vec!["bob".parse().unwrap()],
        client_id: Some("1".into()),
        ..MessageDraft::default()
    };
    let again = || run(tidings.send_message(Author::User(&ada), &room, draft("Bob!"), None)).unwrap();
    // Kept, and then the store was away: nobody was told.
    let key = crate::RoomKey::Named(room.clone());
    let data =
        json(&ChatMessage { content: "Bob!".into(), mentions: draft("").mentions, ..ChatMessage::default() });
    let kept =
        acting::entry(&key, "chat_message", Some(&ada.user), data.unwrap(), tidings.clock().now()).unwrap();
    let (id, client_id) = (kept.id, Some(ClientId::parse("1").unwrap()));
    let mentions = draft("").mentions.into_iter().collect();
    let act = Act::Send(Sending { client_id, mentions, ..Sending::default() });
    run(tidings.store().chat(act, kept, Keep::For(std::time::Duration::from_secs(60)))).unwrap().unwrap();
    assert_eq!(badge(&tidings, "bob"), 0);

    for _ in 0..2 {
        let acted = again();
        assert_eq!((acted.id, acted.replayed, badge(&tidings, "bob")), (id, true, 1));
    }
    run(tidings.mark_room_read(Author::User(&bob), &room, UpTo::Message(id), true)).unwrap();
    again();
    assert_eq!(badge(&tidings, "bob"), 0, "what is read is not told again");
    run(tidings.delete_message(Author::User(&ada), &room, id)).unwrap();
    again();
    assert_eq!(badge(&tidings, "bob"), 0);
}

#[test]
fn e1_what_stood_for_less_than_a_minute_is_not_kept() {
    let (tidings, clock) = stage();
    let message = send(&tidings, "ada", "one", &[]);
    let room = ROOM.parse().unwrap();
    for (content, pass_ms) in [("two", 59_999), ("three", 60_000), ("four", 0)] {
        let ada = named("ada");
        run(tidings.edit_message(Author::User(&ada), &room, message.id, content.into(), None)).unwrap();
        clock.pass(pass_ms);
    }
    let versions = run(tidings.versions(Author::BackEnd(None), &room, message.id)).unwrap();
    assert_eq!(said(versions), ["one", "three"]);
}

#[test]
fn e1_what_a_message_said_before_is_kept_as_its_kind_says() {
    // What the sender sees after an edit, and a moderator after the deletion.
    for (kept, after_edit, after_deletion) in [
        (Earlier::Edits, &["one"][..], &[][..]),
        (Earlier::All, &["one"], &["one", "two"]),
        (Earlier::None, &[], &[]),
    ] {
        let rule = RoomRule {
            pattern: ROOM.parse().unwrap(),
            join: Access::Users.into(),
            publish: Access::Users.into(),
            versions: kept,
            ..RoomRule::default()
        };
        let clock = std::sync::Arc::new(Still::default());
        let tidings = tidings_of(Box::new(MemoryStore::default()), Kinds::new(&[rule]), &clock);
        let (ada, room) = (named("ada"), ROOM.parse().unwrap());
        let admin = Identity { roles: vec!["admin".parse().unwrap()], ..named("root") };
        let message = send(&tidings, "ada", "one", &[]).id;
        let versions = |author: Author<'_>| run(tidings.versions(author, &room, message)).map(said);

        run(tidings.edit_message(Author::User(&ada), &room, message, "two".into(), None)).unwrap();
        assert_eq!(versions(Author::User(&ada)).unwrap(), after_edit, "{kept}");
        run(tidings.delete_message(Author::User(&ada), &room, message)).unwrap();
        for author in [Author::User(&admin), Author::BackEnd(None)] {
            assert_eq!(versions(author).unwrap(), after_deletion, "{kept}");
        }
        let shut = |user: &str| versions(Author::User(&named(user))).unwrap_err().code;
        assert_eq!((shut("ada"), shut("bob")), (ErrorCode::NotFound, ErrorCode::Forbidden), "{kept}");
    }
}

#[test]
fn e1_reactions_and_mutes_have_an_end() {
    let (tidings, clock) = stage();
    let message = send(&tidings, "ada", "one", &[]);
    let (ada, room) = (named("ada"), ROOM.parse().unwrap());
    let react = |emoji: &str| run(tidings.react(Author::User(&ada), &room, message.id, emoji, true));
    for number in 0..50 {
        react(&number.to_string()).unwrap();
    }
    assert_eq!(react("one more").unwrap_err().path.as_deref(), Some("emoji"));
    assert!(react("7").is_ok(), "one of those that are there is no further one");

    let mute = |room: String, until| {
        let bob = named("bob");
        run(tidings.mute_room(Author::User(&bob), &room.parse().unwrap(), until))
    };
    let soon = tidings_protocol::Timestamp::from_millis(tidings.clock().now().millis() + 1_000);
    mute("channel_soon".into(), Some(soon)).unwrap();
    for number in 1..1_000 {
        mute(format!("channel_{number}"), None).unwrap();
    }
    assert_eq!(mute("channel_more".into(), None).unwrap_err().path.as_deref(), Some("room"));
    clock.pass(1_000);
    assert!(mute("channel_more".into(), None).unwrap().muted, "one that is over makes room");
}

#[test]
fn e1_strangers_only_read() {
    let (tidings, _) = stage();
    send(&tidings, "ada", "one", &[]);
    let stranger = Identity { anonymous: true, ..named("anonymous:1") };
    let orders = "orders".parse().unwrap();
    let asked = Asked {
        of: crate::store::chat::Of::All,
        at: crate::store::chat::Place::Before(tidings_protocol::Offset(u64::MAX)),
        limit: 10,
    };
    let page = run(tidings.messages(Author::User(&stranger), &orders, asked)).unwrap();
    assert!(page.items.is_empty());
    let read = tidings.mark_room_read(
        Author::User(&stranger),
        &orders,
        UpTo::Offset(tidings_protocol::Offset(1)),
        true,
    );
    assert_eq!(run(read).unwrap_err().code, ErrorCode::Forbidden);
    assert_eq!(run(tidings.unread_rooms(&stranger, Vec::new())).unwrap_err().code, ErrorCode::Forbidden);
}
