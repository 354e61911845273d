//! What should be in inboxes, in the simplest way to write it down: nothing is counted but by looking at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tidings_core::{
    RoomKey, Store,
    store::{
        MemberRole,
        inbox::{
            Addressed, Category, Change, Content, Counters, Filter, Item, KeepSince, Notification, Notified,
            Outcome, Reader, Severity, State, Stir, Which,
        },
    },
};
use tidings_protocol::{EntryId, Role, Timestamp, UserId};

use super::steps::{Act, Call, Step, To, USERS};
use crate::contract::samples::{LONG, at, entry, name, personal, user};

const USER_IDS: [&str; USERS] = ["ada", "é🦀", "ada "];
const ROLES: [&str; 2] = ["admin", "Admin"];
const ROOMS: [&str; 2] = ["b", "a:x"];
const CATEGORIES: [&str; 2] = ["order", "Order"];

/// Everything that was done to inboxes.
#[derive(Default)]
pub struct Model {
    now: u64,
    /// All that ever came, to find one by its age; gone or not.
    ids: Vec<EntryId>,
    own: Vec<Own>,
    broadcasts: Vec<Broadcast>,
    /// How many broadcasts there had been when the inbox became known.
    known: BTreeMap<UserId, usize>,
    members: BTreeMap<(usize, UserId), Timestamp>,
    /// What was told last to each user with each set of roles.
    told: BTreeMap<(UserId, usize), Counters>,
}

struct Own {
    user: UserId,
    notification: Notification,
    state: State,
}

struct Broadcast {
    /// Counts from 1.
    number: usize,
    audience: RoomKey,
    notification: Notification,
    /// Of users who changed it; none for those who deleted it.
    states: BTreeMap<UserId, Option<State>>,
    /// The latest marks that cover it: seen, read.
    marks: BTreeMap<UserId, (Option<Timestamp>, Option<Timestamp>)>,
    is_gone: bool,
}

impl Broadcast {
    fn state(&self, user: &UserId) -> Option<State> {
        self.states.get(user).copied().unwrap_or_else(|| {
            let (seen, read) = self.marks.get(user).copied().unwrap_or_default();
            Some(State { seen_at: seen.or(read), read_at: read, ..State::default() })
        })
    }
}

fn reader(who: usize, roles: usize) -> Reader {
    let has = |(index, role): (usize, &&str)| (roles >> index & 1 == 1).then(|| Role::parse(role).unwrap());
    Reader { user: user(USER_IDS[who]), roles: ROLES.iter().enumerate().filter_map(has).collect() }
}

fn over(moment: Option<Timestamp>, now: Timestamp) -> bool {
    moment.is_some_and(|moment| moment <= now)
}

/// As it is now.
fn awake(state: State, now: Timestamp) -> State {
    State { snoozed_until: state.snoozed_until.filter(|until| *until > now), ..state }
}

fn after(state: State, act: Act, now: Timestamp) -> State {
    let until = |wait: u64| Timestamp::from_millis(now.millis() + wait);
    match act {
        Act::Seen => State { seen_at: state.seen_at.or(Some(now)), ..state },
        Act::Read if state.read_at.is_some() => state,
        Act::Read => State { seen_at: state.seen_at.or(Some(now)), read_at: Some(now), ..state },
        Act::Unread => State { read_at: None, ..state },
        Act::Archive => State { archived_at: state.archived_at.or(Some(now)), ..state },
        Act::Unarchive => State { archived_at: None, ..state },
        Act::Snooze(0) => State { snoozed_until: None, ..state },
        Act::Snooze(wait) => State { snoozed_until: Some(until(wait)), ..state },
        Act::Delete => state,
    }
}

fn change(act: Act, now: Timestamp) -> Change {
    match act {
        Act::Seen => Change::Seen,
        Act::Read => Change::Read,
        Act::Unread => Change::Unread,
        Act::Archive => Change::Archive,
        Act::Unarchive => Change::Unarchive,
        Act::Snooze(wait) => Change::Snooze(Timestamp::from_millis(now.millis() + wait)),
        Act::Delete => Change::Delete,
    }
}

fn fits(filter: &Filter, item: &Item) -> bool {
    let Item { notification, state, .. } = item;
    filter.unread.is_none_or(|it| it == state.read_at.is_none())
        && filter.archived.is_none_or(|it| it == state.archived_at.is_some())
        && filter.snoozed.is_none_or(|it| it == state.snoozed_until.is_some())
        && filter.severity.is_none_or(|it| it == notification.severity)
        && filter.category.as_ref().is_none_or(|it| Some(it) == notification.category.as_ref())
}

impl Model {
    fn now(&self) -> Timestamp {
        at(self.now)
    }

    fn know(&mut self, user: &UserId) {
        let before = self.broadcasts.len();
        self.known.entry(user.clone()).or_insert(before);
    }

    fn id(&self, back: usize) -> Option<EntryId> {
        self.ids.iter().rev().nth(back).copied()
    }

    /// All of an inbox, newest first.
    fn items(&self, reader: &Reader) -> Vec<Item> {
        let (now, Reader { user, roles }) = (self.now(), reader);
        let is_for = |broadcast: &&Broadcast| {
            self.known.get(user).is_some_and(|known| broadcast.number > *known)
                && !broadcast.is_gone
                && match &broadcast.audience {
                    RoomKey::Role(role) => roles.contains(role),
                    RoomKey::Named(room) => {
                        let room = ROOMS.iter().position(|it| *it == room.as_str()).unwrap();
                        let since = self.members.get(&(room, user.clone()));
                        since.is_some_and(|since| *since <= broadcast.notification.created_at)
                    }
                    _ => true,
                }
        };
        let own = self.own.iter().filter(|it| it.user == *user);
        let own = own.map(|it| (&it.notification, RoomKey::Personal(user.clone()), it.state));
        let sent = self.broadcasts.iter().filter(is_for);
        let sent = sent.filter_map(|it| Some((&it.notification, it.audience.clone(), it.state(user)?)));
        let there = own.chain(sent).filter(|(it, _, _)| !over(it.expires_at, now));
        let mut items: Vec<Item> = there
            .map(|(it, audience, state)| Item {
                notification: it.clone(),
                audience,
                state: awake(state, now),
            })
            .collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.notification.id));
        items
    }

    /// Does one step on both sides; the answers must agree.
    pub async fn take(&mut self, store: &dyn Store, step: Step) {
        self.now += step.wait;
        let now = self.now();
        match step.call {
            Call::Notify { to, severity, category, expires, key } => {
                let id = EntryId::new(now);
                let notification = Notification {
                    id,
                    severity: Severity::ALL[severity],
                    category: category.map(|index| Category::parse(CATEGORIES[index]).unwrap()),
                    created_at: now,
                    expires_at: expires.map(|wait| at(self.now + wait)),
                    content: Content {
                        title: format!("number {} \u{0}", self.ids.len()).into(),
                        dedupe_key: key.map(|index| ["k", "K"][index].into()),
                        ..Content::default()
                    },
                };
                self.ids.push(id);
                self.notify(store, notification, to).await;
            }
            Call::MarkIds { user, roles, back, act } => {
                let ids: Vec<EntryId> = back.into_iter().filter_map(|back| self.id(back)).collect();
                self.mark(store, reader(user, roles), Which::Ids(ids), act).await;
            }
            Call::MarkUpTo { user, roles, back, act } => {
                let Some(id) = self.id(back) else { return };
                self.mark(store, reader(user, roles), Which::UpTo(id), act).await;
            }
            Call::Look { user, roles } => {
                self.know(&reader(user, roles).user);
                self.compare(store, user, roles).await;
            }
            Call::List { user, roles, filter: [unread, archived, snoozed], category, severity, page } => {
                let category = category.map(|index| Category::parse(CATEGORIES[index]).unwrap());
                let severity = severity.map(|index| Severity::ALL[index]);
                let filter = Filter { unread, archived, snoozed, category, severity };
                self.list(store, reader(user, roles), filter, page).await;
            }
            Call::Settle => self.settle(store).await,
            Call::Drop { read_ago, unread_ago } => self.drop_old(store, read_ago, unread_ago).await,
            Call::PutMember { room, user: who } => {
                let who = user(USER_IDS[who]);
                self.members.entry((room, who.clone())).or_insert(now);
                store.put_member(name(ROOMS[room]), who, MemberRole::default(), now).await.unwrap();
            }
            Call::RemoveMember { room, user: who } => {
                let who = user(USER_IDS[who]);
                self.members.remove(&(room, who.clone()));
                store.remove_member(name(ROOMS[room]), who).await.unwrap();
            }
            Call::DeleteRoom(room) => {
                self.members.retain(|(of, _), _| *of != room);
                let of_room =
                    |it: &&mut Broadcast| it.audience.name().is_some_and(|it| it.as_str() == ROOMS[room]);
                self.broadcasts.iter_mut().filter(of_room).for_each(|it| it.is_gone = true);
                store.delete_room(name(ROOMS[room])).await.unwrap();
            }
            Call::Erase(who) => self.erase(store, user(USER_IDS[who])).await,
        }
    }

    async fn notify(&mut self, store: &dyn Store, notification: Notification, to: To) {
        let audiences = match to {
            To::Users(users) => users.into_iter().map(|who| personal(USER_IDS[who])).collect(),
            To::Role(role) => vec![RoomKey::Role(Role::parse(ROLES[role]).unwrap())],
            To::Room(room) => vec![RoomKey::Named(name(ROOMS[room]))],
            To::Everyone => vec![RoomKey::Everyone],
        };
        let addressed = audiences.iter().map(|audience| Addressed {
            audience: audience.clone(),
            tell: vec![(entry(audience, "1"), LONG)],
            later: None,
        });
        let answer = store.notify(notification.clone(), addressed.collect(), None, self.now()).await.unwrap();
        let Notified::New(outcomes) = answer else { panic!("no key was used: {answer:?}") };
        assert_eq!(outcomes.len(), audiences.len());
        let mut named = HashMap::new();
        for (audience, outcome) in audiences.into_iter().zip(outcomes) {
            let known = match named.get(&audience) {
                Some(id) => Some(*id),
                None => self.add(&notification, audience.clone()),
            };
            named.insert(audience, known.unwrap_or(notification.id));
            match (known, outcome) {
                (Some(expected), Outcome::Known(id)) => assert_eq!(expected, id),
                (None, Outcome::Kept(entries)) => assert!(entries.len() == 1 && entries[0].offset.is_some()),
                (expected, outcome) => panic!("{outcome:?}, where {expected:?} is known"),
            }
        }
    }

    /// The one that is there already.
    fn add(&mut self, new: &Notification, audience: RoomKey) -> Option<EntryId> {
        let now = self.now();
        let key = &new.content.dedupe_key;
        let is_same = |it: &Notification| it.id == new.id || key.is_some() && it.content.dedupe_key == *key;
        if let RoomKey::Personal(user) = audience {
            self.know(&user);
            self.own.retain(|it| {
                it.user != user || !is_same(&it.notification) || !over(it.notification.expires_at, now)
            });
            if let Some(known) = self.own.iter().find(|it| it.user == user && is_same(&it.notification)) {
                return Some(known.notification.id);
            }
            self.own.push(Own { user, notification: new.clone(), state: State::default() });
            return None;
        }
        let same = |it: &&mut Broadcast| !it.is_gone && it.audience == audience && is_same(&it.notification);
        for known in self.broadcasts.iter_mut().filter(same) {
            known.is_gone = over(known.notification.expires_at, now);
            if !known.is_gone {
                return Some(known.notification.id);
            }
        }
        let (states, marks, number) = (BTreeMap::new(), BTreeMap::new(), self.broadcasts.len() + 1);
        let notification = new.clone();
        self.broadcasts.push(Broadcast { number, audience, notification, states, marks, is_gone: false });
        None
    }

    async fn mark(&mut self, store: &dyn Store, reader: Reader, which: Which, act: Act) {
        let now = self.now();
        self.know(&reader.user);
        let mut changed = BTreeSet::new();
        for Item { notification: Notification { id, .. }, state, .. } in self.items(&reader) {
            let is_meant = match &which {
                Which::Ids(ids) => ids.contains(&id),
                Which::UpTo(up_to) => {
                    let is_in_sight = state.archived_at.is_none() && state.snoozed_until.is_none();
                    let is_in_scope = match act {
                        Act::Unarchive => state.archived_at.is_some(),
                        _ => is_in_sight,
                    };
                    id <= *up_to && is_in_scope
                }
            };
            if !is_meant || after(state, act, now) == state && !matches!(act, Act::Delete) {
                continue;
            }
            changed.insert(id);
            let new = if matches!(act, Act::Delete) { None } else { Some(after(state, act, now)) };
            self.own.retain(|it| it.user != reader.user || it.notification.id != id || new.is_some());
            let own = self.own.iter_mut().find(|it| it.user == reader.user && it.notification.id == id);
            if let (Some(own), Some(new)) = (own, new) {
                own.state = new;
            }
            let is_mark = matches!((&which, act), (Which::UpTo(_), Act::Seen | Act::Read));
            let sent = self.broadcasts.iter_mut().find(|it| it.notification.id == id);
            if let Some(sent) = sent.filter(|it| !is_mark || it.states.contains_key(&reader.user)) {
                sent.states.insert(reader.user.clone(), new);
            }
        }
        if let (Which::UpTo(up_to), Act::Seen | Act::Read) = (&which, act) {
            self.cover(&reader.user, *up_to, matches!(act, Act::Read));
        }
        let personal = RoomKey::Personal(reader.user.clone());
        let tell = vec![(entry(&personal, "1"), LONG)];
        let marked = store.mark(reader.clone(), which, change(act, now), tell, now).await.unwrap();
        assert_eq!(marked.changed.len(), changed.len(), "each once");
        assert_eq!(marked.changed.iter().copied().collect::<BTreeSet<_>>(), changed);
        assert_eq!(marked.entries.len(), usize::from(!changed.is_empty()));
        assert_eq!(marked.counters, store.counters(reader, now).await.unwrap());
    }

    /// A mark that reaches further than the one before covers everything behind it, also what this reader does not see.
    fn cover(&mut self, user: &UserId, up_to: EntryId, is_read: bool) {
        let now = self.now();
        let of = |it: &Broadcast| {
            let (seen, read) = it.marks.get(user).copied().unwrap_or_default();
            if is_read { read } else { seen }
        };
        let is_meant = |it: &Broadcast| it.notification.id <= up_to;
        // Where nothing new is behind it, the old mark stays as it is.
        let meant: Vec<&Broadcast> = self.broadcasts.iter().filter(|it| is_meant(it)).collect();
        if meant.iter().all(|it| of(it).is_some()) {
            return;
        }
        for it in self.broadcasts.iter_mut().filter(|it| it.notification.id <= up_to) {
            let mark = it.marks.entry(user.clone()).or_default();
            *(if is_read { &mut mark.1 } else { &mut mark.0 }) = Some(now);
        }
    }

    async fn list(&mut self, store: &dyn Store, reader: Reader, filter: Filter, page: usize) {
        self.know(&reader.user);
        let mut expected = self.items(&reader);
        expected.retain(|item| fits(&filter, item));
        let mut found: Vec<Item> = Vec::new();
        loop {
            let before = found.last().map(|item| item.notification.id);
            let next = store.inbox(reader.clone(), filter.clone(), before, page, self.now()).await.unwrap();
            assert!(next.len() <= page);
            if next.is_empty() {
                break;
            }
            found.extend(next);
            assert!(found.len() <= expected.len(), "more than there is: {found:?}");
        }
        assert_eq!(found, expected, "{filter:?}");
    }

    async fn settle(&mut self, store: &dyn Store) {
        let now = self.now();
        let mut expected: BTreeMap<UserId, (BTreeSet<EntryId>, BTreeSet<EntryId>)> = BTreeMap::new();
        for it in &mut self.own {
            let (is_over, is_awake) =
                (over(it.notification.expires_at, now), over(it.state.snoozed_until, now));
            if is_over || is_awake {
                let (woken, gone) = expected.entry(it.user.clone()).or_default();
                (if is_over { gone } else { woken }).insert(it.notification.id);
            }
            it.state = awake(it.state, now);
        }
        self.own.retain(|it| !over(it.notification.expires_at, now));
        let mut broadcasts = BTreeSet::new();
        for it in self.broadcasts.iter_mut().filter(|it| !it.is_gone) {
            for (user, state) in
                it.states.iter_mut().filter_map(|(user, state)| Some((user, state.as_mut()?)))
            {
                if over(state.snoozed_until, now) {
                    expected.entry(user.clone()).or_default().0.insert(it.notification.id);
                }
                *state = awake(*state, now);
            }
            if over(it.notification.expires_at, now) {
                it.is_gone = true;
                broadcasts.insert(it.notification.id);
            }
        }
        let stir = store.settle(now, 1_000).await.unwrap();
        let found = stir.users.iter().map(|it| {
            (it.user.clone(), (it.woken.iter().copied().collect(), it.gone.iter().copied().collect()))
        });
        assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
        assert_eq!(stir.broadcasts.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>(), broadcasts);
        assert!(!stir.more);
        assert_eq!(store.settle(now, 1_000).await.unwrap(), Stir::default(), "all is written down");
    }

    async fn drop_old(&mut self, store: &dyn Store, read_ago: u64, unread_ago: u64) {
        let ago = |millis: u64| Timestamp::from_millis(self.now().millis() - millis);
        let keep = KeepSince { read: ago(read_ago), unread: ago(unread_ago) };
        let is_old = |it: &Own| {
            let is_done = it.state.read_at.is_some() || it.state.archived_at.is_some();
            it.notification.created_at < if is_done { keep.read } else { keep.unread }
        };
        let gone: BTreeSet<(UserId, EntryId)> =
            self.own.iter().filter(|it| is_old(it)).map(|it| (it.user.clone(), it.notification.id)).collect();
        self.own.retain(|it| !is_old(it));
        for it in &mut self.broadcasts {
            it.is_gone |= it.notification.created_at < keep.read.min(keep.unread);
        }
        let stir = store.drop_notifications(keep, 1_000).await.unwrap();
        let found = stir.users.iter().flat_map(|it| it.gone.iter().map(|id| (it.user.clone(), *id)));
        assert_eq!(found.collect::<BTreeSet<_>>(), gone);
    }

    async fn erase(&mut self, store: &dyn Store, user: UserId) {
        let own = self.own.iter().filter(|it| it.user == user).count() as u64;
        self.own.retain(|it| it.user != user);
        self.members.retain(|(_, member), _| *member != user);
        self.known.remove(&user);
        self.told.retain(|(of, _), _| *of != user);
        for it in &mut self.broadcasts {
            it.states.remove(&user);
            it.marks.remove(&user);
        }
        assert_eq!(store.erase(user.clone()).await.unwrap().notifications, own);
        assert!(store.inbox_of(user, None, 100).await.unwrap().is_empty());
    }

    /// Everybody's counters and whole inboxes, of those who are known.
    pub async fn check(&mut self, store: &dyn Store) {
        let known: Vec<UserId> = self.known.keys().cloned().collect();
        assert_eq!(store.inboxes(None, 100).await.unwrap(), known);
        for (who, id) in USER_IDS.into_iter().enumerate() {
            if self.known.contains_key(&user(id)) {
                for roles in [0, 3] {
                    self.compare(store, who, roles).await;
                }
            } else {
                assert_eq!(store.recount(reader(who, 0), self.now()).await.unwrap(), 0);
            }
        }
    }

    async fn compare(&mut self, store: &dyn Store, who: usize, roles: usize) {
        let (reader, now) = (reader(who, roles), self.now());
        let items = self.items(&reader);
        let found = store.inbox(reader.clone(), Filter::default(), None, 200, now).await.unwrap();
        assert_eq!(found, items, "{reader:?}");
        let is_unread = |it: &&Item| {
            let State { read_at, archived_at, snoozed_until, .. } = it.state;
            read_at.is_none() && archived_at.is_none() && snoozed_until.is_none()
        };
        let unread = items.iter().filter(is_unread).count() as u64;
        let counters = store.counters(reader.clone(), now).await.unwrap();
        assert_eq!(counters.unread, unread, "{reader:?}");
        assert_eq!(store.recount(reader.clone(), now).await.unwrap(), unread, "{reader:?}");
        let before = self.told.insert((reader.user.clone(), roles), counters);
        let before = before.unwrap_or(Counters { revision: 0, unread });
        assert!(
            counters.revision > before.revision
                || counters.revision == before.revision && counters.unread == before.unread,
            "{counters:?} after {before:?} for {reader:?}"
        );
        if let Some(id) = self.ids.last() {
            let one = store.notification(reader, *id, now).await.unwrap();
            assert_eq!(one.as_ref(), items.iter().find(|item| item.notification.id == *id));
        }
    }
}
