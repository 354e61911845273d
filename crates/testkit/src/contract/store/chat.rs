//! Chats: messages that are entries, what people do to them, and that the counters are right whatever happens.

use std::{collections::BTreeSet, sync::Arc};

use tidings_core::{
    Entry, RoomKey, Store,
    store::{
        Page, Tidy,
        chat::{
            Act, Ask, By, ClientId, Done, Emoji, Mute, Of, Place, REACTORS_MAX, Refusal, Sending, UpTo,
            Versions,
        },
    },
};
use tidings_protocol::{EntryId, EventType, Json, Offset, Timestamp, UserId};
use tidings_settings::Keep;

use super::{Fresh, erasing::where_found};
use crate::contract::samples::{LONG, at, changed, data, entry, json, name, read, room, together, user};

pub mod history;
pub mod model;

const DAY: u64 = 24 * 3_600 * 1_000;

/// An entry that tells an act, or a message.
fn telling(room: &RoomKey, from: Option<&UserId>, data: &str) -> Entry {
    changed(entry(room, data), |entry| entry.from = from.cloned())
}

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

fn sending(
    client_id: Option<&str>,
    reply_to: Option<EntryId>,
    thread: Option<EntryId>,
    mentions: Vec<UserId>,
) -> Act {
    let client_id = client_id.map(|text| ClientId::parse(text).unwrap());
    let mentions = mentions.into_iter().collect();
    Act::Send(Sending { client_id, reply_to, thread, mentions, words: Some("words".into()) })
}

/// Where what was said before is kept, the message is in no index any more.
fn edit(message: EntryId, data: &Json, by: By, versions: Versions, mentions: Vec<UserId>) -> Act {
    let mentions: BTreeSet<UserId> = mentions.into_iter().collect();
    let words = (versions == Versions::Drop).then(|| "changed".into());
    Act::Edit { message, data: data.clone(), by, versions, mentions, words }
}

fn message(room: &RoomKey, from: &str, data: &str) -> Entry {
    let chat_message = EventType::parse("chat_message").unwrap();
    changed(telling(room, Some(&user(from)), data), |entry| entry.r#type = chat_message)
}

/// A message of a user; its entry.
async fn say(store: &dyn Store, room: &RoomKey, from: &str, text: &str) -> Arc<Entry> {
    let act = sending(None, None, None, Vec::new());
    match store.chat(act, message(room, from, text), LONG).await.unwrap().unwrap() {
        Done::Sent { entry, .. } => entry,
        done => panic!("expected a message: {done:?}"),
    }
}

fn ask(room: &RoomKey, at: Place) -> Ask {
    Ask { room: room.clone(), of: Of::All, at, viewer: None }
}

async fn texts(store: &dyn Store, ask: Ask, limit: usize) -> Vec<String> {
    let page = store.messages(ask, limit).await.unwrap();
    page.messages.iter().map(|message| message.entry.data.as_str().to_owned()).collect()
}

/// What a message says is in its room's log and changes there; the log's other entries stay as they are.
pub async fn a_message_is_its_entry(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let lounge = room("lounge");
    store.append_one(entry(&lounge, "0"), LONG).await.unwrap();
    let said = say(&*store, &lounge, "ada", "\"first\"").await;
    assert_eq!(said.offset, Some(Offset(2)));
    say(&*store, &lounge, "bob", "\"second\"").await;
    let told = telling(&lounge, Some(&user("ada")), "\"told\"");
    let act = edit(said.id, &json("\"changed\""), By::Sender, Versions::Keep, Vec::new());
    store.chat(act, told, LONG).await.unwrap().unwrap();
    let log = read(&*store, &lounge, Page::After(Offset(0)), 10).await;
    assert_eq!(data(&log.entries), ["0", "\"changed\"", "\"second\"", "\"told\""]);
    let found = store.message(lounge.clone(), said.id, None).await.unwrap().unwrap();
    assert_eq!((found.entry.data.as_str(), found.number), ("\"changed\"", 1));
    assert_eq!(
        (found.entry.from.clone(), found.entry.time, found.entry.id),
        (said.from.clone(), said.time, said.id)
    );
    let versions = store.versions(lounge.clone(), said.id).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.data.as_str()).collect::<Vec<_>>(), ["\"first\""]);

    let told = telling(&lounge, None, "\"told\"");
    let gone = Act::Delete {
        message: said.id,
        tombstone: Json::null(),
        by: By::Moderator,
        versions: Versions::Drop,
    };
    store.chat(gone, told, LONG).await.unwrap().unwrap();
    assert_eq!(store.versions(lounge.clone(), said.id).await.unwrap(), []);
    let log = read(&*store, &lounge, Page::After(Offset(1)), 1).await;
    assert_eq!(data(&log.entries), ["null"]);
}

/// What is refused appends nothing.
pub async fn what_is_refused_leaves_no_trace(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (lounge, other) = (room("lounge"), room("other"));
    let said = say(&*store, &lounge, "ada", "1").await;
    say(&*store, &other, "ada", "1").await;
    let nobody = EntryId::from_bytes([9; 16]);
    let (bob, change) = (user("bob"), json("2"));
    let by_bob = |by| edit(said.id, &change, by, Versions::Keep, Vec::new());
    let refused = [
        (&lounge, by_bob(By::Sender), Refusal::NotYours),
        (&other, by_bob(By::Moderator), Refusal::NoSuchMessage),
        (&lounge, edit(nobody, &change, By::Moderator, Versions::Keep, Vec::new()), Refusal::NoSuchMessage),
        (&lounge, sending(None, Some(nobody), None, Vec::new()), Refusal::NoSuchReplyTarget),
        (&other, sending(None, None, Some(said.id), Vec::new()), Refusal::NoSuchThread),
        (&room("nowhere"), sending(Some("1"), Some(said.id), None, Vec::new()), Refusal::NoSuchReplyTarget),
        (
            &room("nowhere"),
            Act::Read { user: bob.clone(), up_to: UpTo::Message(said.id), private: false },
            Refusal::NoSuchMessage,
        ),
    ];
    for (place, act, refusal) in refused {
        let done = store.chat(act.clone(), telling(place, Some(&bob), "0"), LONG).await.unwrap();
        assert_eq!(done.unwrap_err(), refusal, "{act:?}");
    }
    assert_eq!(store.head(lounge.clone()).await.unwrap().offset, Offset(1));
    assert_eq!(store.room(room("nowhere")).await.unwrap(), None, "nor does a room begin");
    let found = store.message(lounge, said.id, None).await.unwrap().unwrap();
    assert_eq!((found.entry.data.as_str(), found.edited_at), ("1", None));
}

/// The same message is kept once for seven days: of a sender in a room, also when the first is gone by then.
pub async fn a_client_id_sends_once_for_seven_days(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let lounge = room("lounge");
    let send = async |from: &str, place: &RoomKey, millis: u64| {
        let entry = changed(message(place, from, "1"), |entry| entry.time = at(millis));
        store.chat(sending(Some("a"), None, None, Vec::new()), entry, LONG).await.unwrap().unwrap()
    };
    let tidy = async |millis: u64| {
        let keys_before = Timestamp::from_millis(at(millis).millis() - DAY);
        let none = Timestamp::from_millis(0);
        let tidy = Tidy { keys_before, revocations_before: none, entries_before: none };
        store.tidy(at(millis), tidy).await.unwrap();
    };
    let Done::Sent { entry, .. } = send("ada", &lounge, 0).await else { panic!("expected a message") };
    tidy(7 * DAY - 1).await;
    store.forget(lounge.clone(), Offset(1)).await.unwrap();
    let Done::Known { id, offset } = send("ada", &lounge, 7 * DAY - 1).await else {
        panic!("expected the message of before")
    };
    assert_eq!((id, Some(offset)), (entry.id, entry.offset));
    assert!(matches!(send("bob", &lounge, 1).await, Done::Sent { .. }), "another sender's is another one");
    assert!(matches!(send("ada", &room("other"), 1).await, Done::Sent { .. }), "and another room's");
    tidy(7 * DAY + 1).await;
    assert!(matches!(send("ada", &lounge, 7 * DAY + 1).await, Done::Sent { .. }));
}

/// Of many that send one message at once, on as many servers as there are, one does.
pub async fn of_many_with_one_client_id_one_sends(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let beside = fresh.beside().await.unwrap_or_else(|| store.clone());
    let answers = together(16, |number| {
        let store = if number % 2 == 0 { store.clone() } else { beside.clone() };
        async move {
            let act = sending(Some("same"), None, None, Vec::new());
            store.chat(act, message(&room("lounge"), "ada", "1"), LONG).await.unwrap().unwrap()
        }
    })
    .await;
    let (mut sent, mut known) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Done::Sent { entry, .. } => sent.push(entry.id),
            Done::Known { id, .. } => known.push(id),
            done => panic!("{done:?}"),
        }
    }
    assert_eq!((sent.len(), known.len()), (1, 15));
    assert!(known.iter().all(|id| *id == sent[0]));
    assert_eq!(texts(&*store, ask(&room("lounge"), Place::After(Offset(0))), 10).await, ["1"]);
}

/// Whatever happens at the same time, on as many servers as there are: numbers have no gap, and counters are right.
pub async fn counters_are_right_when_many_act_at_once(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let beside = fresh.beside().await.unwrap_or_else(|| store.clone());
    let users = ["ada", "bob", "cleo", "dan"];
    let root = say(&*store, &room("lounge"), "ada", "0").await.id;
    together(8, |number| {
        let store = if number % 2 == 0 { store.clone() } else { beside.clone() };
        async move {
            for turn in 0..12 {
                let (lounge, from) = (room(["lounge", "den"][turn % 2]), users[number % 4]);
                let act = match (turn + number) % 4 {
                    0 => Act::React { message: root, user: user(from), emoji: emoji("x"), on: turn % 3 > 0 },
                    1 => Act::Read {
                        user: user(from),
                        up_to: UpTo::Offset(Offset(turn as u64 * 4)),
                        private: turn % 3 == 0,
                    },
                    _ => sending(None, None, None, users.map(user).into()),
                };
                // A reaction in the room where the message is not is refused.
                let _ = store.chat(act, message(&lounge, from, "1"), LONG).await.unwrap();
            }
        }
    })
    .await;
    for place in [room("lounge"), room("den")] {
        let page = store.messages(ask(&place, Place::After(Offset(0))), 200).await.unwrap();
        let numbers: Vec<u64> = page.messages.iter().map(|message| message.number).collect();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
        for who in users {
            let told = store.unread_of(user(who), vec![place.clone()]).await.unwrap();
            let counted = store.recount_unread(user(who), vec![place.clone()]).await.unwrap();
            assert_eq!(told[0].unread, counted[0], "{who} in {place}");
        }
        for reaction in page.messages.iter().flat_map(|message| &message.reactions) {
            assert_eq!(reaction.count, reaction.users.len() as u64);
        }
    }
}

/// Many at once in one room are all done, and see each other; what is refused takes nothing with it.
pub async fn e2_many_reactions_at_once_are_all_there(fresh: &mut impl Fresh) {
    const MANY: usize = 200;
    let store = fresh.store().await;
    let lounge = room("lounge");
    let (liked, edited) = (say(&*store, &lounge, "ada", "1").await, say(&*store, &lounge, "ada", "2").await);
    let deleted = say(&*store, &lounge, "ada", "3").await;
    let (one, two, three) = (liked.id, edited.id, deleted.id);
    let done = together(MANY + 40, |number| {
        let (store, lounge) = (store.clone(), lounge.clone());
        async move {
            let who = user(&format!("user{number}"));
            let react = |message, emoji| Act::React { message, user: who.clone(), emoji, on: true };
            let (act, from) = match number {
                0..MANY => (react(one, emoji("x")), &who),
                MANY => {
                    let (tombstone, by) = (json("0"), By::Moderator);
                    (Act::Delete { message: three, tombstone, by, versions: Versions::Drop }, &who)
                }
                _ => match number % 4 {
                    0 => (edit(two, &json(&number.to_string()), By::Moderator, Versions::Keep, vec![]), &who),
                    1 => (react(three, emoji("x")), &who),
                    2 => (react(EntryId::from_bytes([7; 16]), emoji("x")), &who),
                    _ => (Act::Pin { message: one, on: number % 8 == 3 }, &who),
                },
            };
            store.chat(act, telling(&lounge, Some(from), "0"), LONG).await.unwrap()
        }
    })
    .await;
    let mut counts: Vec<u64> = Vec::new();
    for done in &done[..MANY] {
        match done {
            Ok(Done::Reacted { entry: Some(_), count, .. }) => counts.push(*count),
            done => panic!("expected a reaction: {done:?}"),
        }
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=MANY as u64).collect::<Vec<_>>());
    let stands = async |id| store.message(lounge.clone(), id, None).await.unwrap().unwrap();
    assert_eq!(stands(one).await.reactions[0].count, MANY as u64);
    assert!(stands(three).await.reactions.is_empty());
    // Each edit has put aside what the one before it said.
    let mut said: Vec<String> = Vec::new();
    for version in store.versions(lounge.clone(), two).await.unwrap() {
        said.push(version.data.as_str().into());
    }
    said.push(stands(two).await.entry.data.as_str().into());
    said[1..].sort_unstable();
    let edits = (MANY + 1..MANY + 40).filter(|number| number % 4 == 0).map(|number| number.to_string());
    assert_eq!(said, std::iter::once("2".to_owned()).chain(edits).collect::<Vec<_>>());
    // What was told stands in the log once, one behind the other.
    let mut told: Vec<u64> =
        done.iter().flatten().flat_map(Done::entry).map(|it| it.offset.unwrap().0).collect();
    told.sort_unstable();
    assert_eq!(told, (4..4 + told.len() as u64).collect::<Vec<_>>());
}

/// Pages from both ends meet, and a page that is asked for while messages come has what follows.
pub async fn pages_of_messages_meet_while_more_come(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let lounge = room("lounge");
    for number in 0..20 {
        say(&*store, &lounge, "ada", &number.to_string()).await;
        store.append_one(entry(&lounge, "\"between\""), LONG).await.unwrap();
    }
    let expected: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let (mut place, mut found) = (Offset(u64::MAX), Vec::<String>::new());
    loop {
        let page = store.messages(ask(&lounge, Place::Before(place)), 3).await.unwrap();
        let mut texts: Vec<String> =
            page.messages.iter().map(|message| message.entry.data.as_str().to_owned()).collect();
        place = page.messages[0].entry.offset.unwrap();
        texts.extend(found);
        found = texts;
        say(&*store, &lounge, "bob", "\"later\"").await;
        if !page.has_older {
            break;
        }
    }
    assert_eq!(found, expected);
    assert_eq!(texts(&*store, ask(&lounge, Place::After(Offset(0))), 3).await, expected[..3]);
    let middle =
        store.messages(ask(&lounge, Place::After(Offset(0))), 11).await.unwrap().messages[10].entry.id;
    let page = store.messages(ask(&lounge, Place::Around(middle)), 5).await.unwrap();
    assert_eq!(
        page.messages.iter().map(|it| it.entry.data.as_str()).collect::<Vec<_>>(),
        ["8", "9", "10", "11", "12"]
    );
    assert!(page.has_older && page.has_newer);
    let none = store.messages(ask(&room("den"), Place::Around(middle)), 5).await.unwrap();
    assert!(none.messages.is_empty(), "it is in another room");
    assert_eq!(store.messages(ask(&lounge, Place::Around(middle)), 0).await.unwrap().messages.len(), 0);
}

/// Of each reaction the first users are named and all are counted.
pub async fn the_first_who_react_are_named_and_all_are_counted(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let lounge = room("lounge");
    let said = say(&*store, &lounge, "ada", "1").await.id;
    let count = REACTORS_MAX as u64 + 5;
    for number in 0..count {
        let who = user(&format!("{:02}", count - number));
        let told = changed(telling(&lounge, Some(&who), "0"), |entry| entry.time = at(number));
        let act = Act::React { message: said, user: who, emoji: emoji("👍"), on: true };
        store.chat(act, told, LONG).await.unwrap().unwrap();
    }
    let found = store.message(lounge, said, Some(user("01"))).await.unwrap().unwrap();
    let [reaction] = &found.reactions[..] else { panic!("{found:?}") };
    assert_eq!((reaction.count, reaction.mine), (count, true));
    let first: Vec<UserId> =
        (0..REACTORS_MAX as u64).map(|number| user(&format!("{:02}", count - number))).collect();
    assert_eq!(reaction.users, first);
}

/// A room may be muted before there is anything in it, and deleting it ends that.
pub async fn a_mute_ends_by_time_by_hand_or_with_its_room(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let lounge = room("lounge");
    let muted =
        async |millis| store.muted(lounge.clone(), vec![user("bob"), user("ada")], at(millis)).await.unwrap();
    store.mute(lounge.clone(), user("ada"), Some(Mute::Until(at(10)))).await.unwrap();
    store.mute(lounge.clone(), user("bob"), Some(Mute::ForGood)).await.unwrap();
    assert_eq!(muted(9).await, [user("ada"), user("bob")]);
    assert_eq!(muted(10).await, [user("bob")]);
    store.mute(lounge.clone(), user("bob"), None).await.unwrap();
    assert_eq!(muted(9).await, [user("ada")]);
    store.delete_room(name("lounge")).await.unwrap();
    assert_eq!(muted(9).await, []);
    assert_eq!(store.mutes_of(user("ada")).await.unwrap(), []);
}

/// Chats are as they were when the store is opened again, and in a copy; and another server sees the same.
pub async fn chats_last(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let mut model = model::Model::default();
    let steps = [
        model::Step::Send {
            room: 0,
            from: Some(0),
            client: Some(1),
            reply: None,
            thread: None,
            mentions: 7,
            last: false,
        },
        model::Step::Send {
            room: 0,
            from: Some(1),
            client: None,
            reply: Some(0),
            thread: Some(0),
            mentions: 0,
            last: false,
        },
        model::Step::Edit { room: 0, from: Some(0), message: 1, by: true, keep: true, mentions: 3 },
        model::Step::React { room: 0, user: 2, message: 0, emoji: 0, on: true },
        model::Step::Pin { room: 0, user: 1, message: 0, on: true },
        model::Step::Mute { room: 1, user: 1, mute: Some(0) },
        model::Step::ReadOffset { room: 0, user: 2, offset: 9, private: true },
        model::Step::Send {
            room: 0,
            from: Some(0),
            client: None,
            reply: None,
            thread: None,
            mentions: 7,
            last: false,
        },
        model::Step::Forget { room: 0, up_to: 1 },
    ];
    for step in steps {
        model.take(&*store, step).await;
    }
    model.check(&*store).await;
    if let Some(beside) = fresh.beside().await {
        model.check(&*beside).await;
    }
    if let Some(store) = fresh.reopen(store).await {
        model.check(&*store).await;
        let again = model::Step::Send {
            room: 0,
            from: Some(0),
            client: Some(1),
            reply: None,
            thread: None,
            mentions: 0,
            last: false,
        };
        model.take(&*store, again).await;
        model.check(&*store).await;
    }
}

/// What a user said before, reacted with and read cannot be read from the store's files after an erasure.
pub async fn what_was_erased_of_chats_is_in_no_file(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let (who, lounge) = ("quite-unlikely-chatter", room("lounge"));
    let other = say(&*store, &lounge, "bob", "\"x\"").await;
    let tell = || telling(&lounge, Some(&user(who)), "0");
    for number in 0..10 {
        let said = say(&*store, &lounge, who, &format!("\"quite-unlikely-words {number}\"")).await;
        let act =
            edit(said.id, &json("\"quite-unlikely-edit\""), By::Sender, Versions::Keep, vec![user("bob")]);
        store.chat(act, tell(), LONG).await.unwrap().unwrap();
        let act =
            Act::React { message: other.id, user: user(who), emoji: emoji(&format!("x{number}")), on: true };
        store.chat(act, tell(), LONG).await.unwrap().unwrap();
        store.chat(Act::Pin { message: said.id, on: true }, tell(), LONG).await.unwrap().unwrap();
        store
            .chat(sending(Some(who), None, None, vec![user(who)]), message(&lounge, "bob", "\"y\""), LONG)
            .await
            .unwrap()
            .unwrap();
        store.mute(room(&format!("muted{number}")), user(who), Some(Mute::ForGood)).await.unwrap();
    }
    let files = fresh.files();
    if files.is_empty() {
        return;
    }
    assert!(!where_found(&files, "quite-unlikely-words").is_empty(), "what is kept is in a file");
    store.erase(user(who)).await.unwrap();
    for trace in [who, "quite-unlikely-words", "quite-unlikely-edit"] {
        assert_eq!(where_found(&files, trace), Vec::<std::path::PathBuf>::new(), "{trace}");
    }
}

/// Chat in a room that keeps its last entry only has its last message, if that is the last entry.
pub async fn a_room_that_keeps_its_last_entry_keeps_one_message(fresh: &mut impl Fresh) {
    let store = fresh.store().await;
    let lounge = room("lounge");
    for number in 0..3 {
        let entry = message(&lounge, "ada", &number.to_string());
        store.chat(sending(None, None, None, Vec::new()), entry, Keep::Last).await.unwrap().unwrap();
    }
    assert_eq!(texts(&*store, ask(&lounge, Place::After(Offset(0))), 10).await, ["2"]);
    let unread = store.unread_of(user("bob"), vec![lounge.clone()]).await.unwrap();
    assert_eq!((unread[0].unread, unread[0].mark), (1, Offset(0)));
    store.append_one(entry(&lounge, "3"), Keep::Last).await.unwrap();
    assert_eq!(store.unread_of(user("bob"), vec![lounge.clone()]).await.unwrap()[0].unread, 0);
    assert_eq!(texts(&*store, ask(&lounge, Place::After(Offset(0))), 10).await, Vec::<String>::new());
}
