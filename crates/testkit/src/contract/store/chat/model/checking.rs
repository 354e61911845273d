//! What a store tells of chats, compared with what the model has.

use tidings_core::{
    RoomKey, Store, StoreError,
    store::{
        Erased,
        chat::{Ask, Emoji, Mark, Message, Mute, Of, Pin, Place, Reaction, Trace, TraceOf},
    },
};
use tidings_protocol::{EntryId, Json, Offset, Timestamp, UserId};

use super::{Model, ROOMS, Room, Said, USERS, key};
use crate::contract::{
    samples::{TO_THE_END, read, room, user},
    store::search::{found, looking_for},
};

impl Model {
    /// Reads everything; all of it must be what the model has.
    pub async fn check(&mut self, store: &dyn Store) {
        for number in 0..ROOMS.len() {
            self.check_room(store, number).await;
            self.check_unread(store, number).await;
        }
        for name in USERS {
            self.check_user(store, &user(name)).await;
        }
    }

    /// Looks for every word in every room, and in all; what is found must be what the model has.
    pub async fn check_found(&self, store: &dyn Store) {
        for word in ["words", "changed"] {
            for place in [None, Some(0), Some(1)] {
                let rooms =
                    self.rooms.iter().filter(|(number, _)| place.is_none_or(|place| place == **number));
                let mut expected: Vec<&Said> = rooms
                    .flat_map(|(_, chat)| &chat.messages)
                    .filter(|said| said.word == Some(word))
                    .collect();
                expected.sort_by_key(|said| std::cmp::Reverse(said.indexed));
                let expected: Vec<EntryId> = expected.iter().map(|said| said.id).collect();
                let looking = looking_for(word, place.map(|place| vec![key(place)]));
                assert_eq!(found(store, looking).await, expected, "{word} in {place:?}");
            }
        }
    }

    async fn check_room(&self, store: &dyn Store, number: usize) {
        let none = Room::default();
        let chat = self.rooms.get(&number).unwrap_or(&none);
        let viewer = user(USERS[0]);
        let all = |said: &Said| said.facts(&viewer);
        let ask = |of, at| Ask { room: key(number), of, at, viewer: Some(viewer.clone()) };
        let end = Place::Before(Offset(u64::MAX));
        let threads: Vec<EntryId> = chat.messages.iter().filter_map(|said| said.thread).take(2).collect();
        for of in [Of::All, Of::Main, Of::Pinned].into_iter().chain(threads.into_iter().map(Of::Thread)) {
            let of_these = |said: &&Said| match of {
                Of::All => true,
                Of::Main => said.thread.is_none(),
                Of::Thread(root) => said.thread == Some(root),
                Of::Pinned => said.pin.is_some(),
            };
            let expected: Vec<&Said> = chat.messages.iter().filter(of_these).collect();
            let page = store.messages(ask(of, end), 200).await.unwrap();
            assert_eq!(
                facts(&page.messages),
                expected.iter().map(|it| all(it)).collect::<Vec<_>>(),
                "{of:?}"
            );
            assert!(!page.has_older && !page.has_newer);
            let Some(middle) = expected.get(expected.len() / 2) else { continue };
            let page = store.messages(ask(of, Place::Around(middle.id)), 2).await.unwrap();
            let from = expected.len() / 2;
            let to = (from + 2).min(expected.len());
            assert_eq!(
                facts(&page.messages),
                expected[from..to].iter().map(|it| all(it)).collect::<Vec<_>>()
            );
            assert_eq!((page.has_older, page.has_newer), (from > 0, to < expected.len()));
            let page = store.messages(ask(of, Place::After(Offset(middle.offset - 1))), 1).await.unwrap();
            assert_eq!(facts(&page.messages), [all(middle)]);
            assert_eq!((page.has_older, page.has_newer), (from > 0, from + 1 < expected.len()));
        }
        for said in &chat.messages {
            assert_eq!(store.versions(key(number), said.id).await.unwrap(), said.versions);
        }
        let log = read(store, &key(number), TO_THE_END, 1_000).await;
        for said in &chat.messages {
            let entry = log.entries.iter().find(|entry| entry.id == said.id).unwrap();
            assert_eq!(entry.data, said.data, "a log says what its messages say");
        }
        let mark = |(user, it): (&UserId, &(u64, Timestamp, bool))| Mark {
            user: user.clone(),
            offset: Offset(it.0),
            at: it.1,
            private: it.2,
        };
        let marks: Vec<Mark> = chat.marks.iter().map(mark).collect();
        assert_eq!(store.marks(key(number), None, 100).await.unwrap(), marks);
        assert_eq!(
            store.marks(key(number), Some(user(USERS[0])), 1).await.unwrap(),
            marks.iter().filter(|mark| mark.user > user(USERS[0])).take(1).cloned().collect::<Vec<_>>()
        );
        let everyone: Vec<UserId> = USERS.map(user).into();
        let mut muted: Vec<UserId> = everyone.clone();
        muted.retain(|user| {
            let mute = self.mutes.get(&(user.as_str().to_owned(), key(number).to_string()));
            mute.is_some_and(|mute| mute.is_on(self.now()))
        });
        muted.sort_unstable();
        assert_eq!(store.muted(key(number), everyone, self.now()).await.unwrap(), muted);
    }

    async fn check_unread(&mut self, store: &dyn Store, number: usize) {
        let none = Room::default();
        let chat = self.rooms.get(&number).unwrap_or(&none);
        for (index, name) in USERS.iter().enumerate() {
            let who = user(name);
            let mark = chat.marks.get(&who).map_or(0, |mark| mark.0);
            let unread = chat.messages.iter().filter(|said| said.offset > mark).count() as u64;
            let told = store.unread_of(who.clone(), vec![key(number), room("nowhere")]).await.unwrap();
            assert_eq!((told[0].unread, told[0].mark.0), (unread, mark), "{name} in {}", ROOMS[number]);
            assert_eq!((told[1].unread, told[1].mark.0, told[1].revision), (0, 0, 0));
            let counted = store.recount_unread(who, vec![room("nowhere"), key(number)]).await.unwrap();
            assert_eq!(counted, [0, unread]);
            let revision = told[0].revision;
            if let Some((before, then, at_mark)) = self.revisions.get(&(number, index)) {
                assert!(revision >= *before, "a revision fell");
                assert!(
                    revision > *before || (*then, *at_mark) == (unread, mark),
                    "a change without a revision"
                );
            }
            self.revisions.insert((number, index), (revision, unread, mark));
        }
    }

    async fn check_user(&self, store: &dyn Store, who: &UserId) {
        let mut expected: [Vec<Trace>; TraceOf::KINDS] = Default::default();
        let mut add =
            |room: &RoomKey, of: TraceOf| expected[of.kind()].push(Trace { room: room.clone(), of });
        for (number, chat) in &self.rooms {
            if let Some((offset, at, _)) = chat.marks.get(who) {
                add(&key(*number), TraceOf::Mark { offset: Offset(*offset), at: *at });
            }
            for said in &chat.messages {
                let message = said.id;
                if said.mentions.contains_key(who) {
                    add(&key(*number), TraceOf::Mention(message));
                }
                for (emoji, list) in &said.reactions {
                    for (_, at) in list.iter().filter(|(of, _)| of == who) {
                        add(&key(*number), TraceOf::Reaction { message, emoji: emoji.clone(), at: *at });
                    }
                }
                for version in said.versions.iter().filter(|_| said.from.as_ref() == Some(who)) {
                    add(&key(*number), TraceOf::Version { message, version: version.clone() });
                }
            }
        }
        let mutes: Vec<(RoomKey, Mute)> = self
            .mutes
            .iter()
            .filter(|((of, _), _)| of == who.as_str())
            .map(|((_, of), mute)| (RoomKey::parse(of).unwrap(), *mute))
            .collect();
        mutes.iter().for_each(|(room, mute)| add(room, TraceOf::Mute(*mute)));
        assert_eq!(store.mutes_of(who.clone()).await.unwrap(), mutes);
        let expected: Vec<Trace> = expected.into_iter().flatten().collect();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page: Result<Vec<Trace>, StoreError> = store.chat_traces(who.clone(), after, 3).await;
            let page = page.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            found.extend(page);
            assert!(found.len() <= expected.len(), "{found:?} and not {expected:?}");
        }
        assert_eq!(found, expected);
    }
}

impl Said {
    fn facts(&self, viewer: &UserId) -> Facts {
        let r#type = if self.erased { Erased::ENTRY_TYPE } else { "chat_message" };
        let reaction = |(emoji, list): (&Emoji, &Vec<(UserId, Timestamp)>)| Reaction {
            emoji: emoji.clone(),
            count: list.len() as u64,
            users: list.iter().map(|(user, _)| user.clone()).collect(),
            mine: list.iter().any(|(user, _)| user == viewer),
        };
        Facts {
            place: (self.id, self.offset, self.number),
            entry: (r#type.to_owned(), self.from.clone(), self.time, self.data.clone()),
            beside: (self.thread, self.reply_to, self.replies),
            state: (self.edited_at, self.deleted_at, self.pin.clone()),
            reactions: self.reactions.iter().map(reaction).collect(),
        }
    }
}

/// All that is known of a message, to compare.
#[derive(PartialEq, Debug)]
struct Facts {
    place: (EntryId, u64, u64),
    entry: (String, Option<UserId>, Timestamp, Json),
    beside: (Option<EntryId>, Option<EntryId>, u64),
    state: (Option<Timestamp>, Option<Timestamp>, Option<Pin>),
    reactions: Vec<Reaction>,
}

fn facts(messages: &[Message]) -> Vec<Facts> {
    let facts = |message: &Message| {
        let entry = &message.entry;
        Facts {
            place: (entry.id, entry.offset.unwrap().0, message.number),
            entry: (entry.r#type.as_str().to_owned(), entry.from.clone(), entry.time, entry.data.clone()),
            beside: (message.thread, message.reply_to, message.replies),
            state: (message.edited_at, message.deleted_at, message.pin.clone()),
            reactions: message.reactions.clone(),
        }
    };
    messages.iter().map(facts).collect()
}
