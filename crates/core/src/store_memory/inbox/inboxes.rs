//! Who has which notifications, and what they did with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use tidings_protocol::{EntryId, Role, RoomName, Timestamp, UserId};

use super::{super::book::Book, schedule::Schedule};
use crate::{
    RoomKey,
    store::inbox::{
        Change, Counters, Item, KeepSince, Notification, Preferences, Reader, Receipt, State, Stir, Stirred,
        Which, first_id_of, is_over,
    },
};

/// Most rows of all users together: this store is for trying things out.
const ROWS_MAX: usize = 500_000;

#[derive(Default)]
pub(in crate::store_memory) struct Inboxes {
    users: BTreeMap<UserId, Inbox>,
    /// By numbers that grow in the order in which they came.
    broadcasts: BTreeMap<u64, Broadcast>,
    /// Number of the last broadcast that ever was.
    last: u64,
    /// Broadcasts that came and went.
    changes: u64,
    rows: usize,
    pub(super) preferences: BTreeMap<UserId, Preferences>,
    pub(super) schedule: Schedule,
}

#[derive(Default)]
pub(super) struct Inbox {
    /// The last broadcast of before it was known.
    since: u64,
    revision: u64,
    rows: BTreeMap<EntryId, Row>,
    seen: Mark,
    read: Mark,
}

struct Row {
    what: What,
    state: State,
}

enum What {
    Own(Arc<Notification>),
    Broadcast(u64),
    /// A broadcast that the user deleted.
    Deleted(u64),
}

struct Broadcast {
    audience: RoomKey,
    notification: Arc<Notification>,
}

/// All broadcasts up to this one were seen, or read, when.
#[derive(Clone, Copy, Default)]
struct Mark {
    up_to: u64,
    at: Option<Timestamp>,
}

/// What became of a notification that was added.
pub(super) enum Added {
    New,
    /// It comes later.
    Later,
    Known(EntryId),
}

impl Broadcast {
    fn is_for(&self, book: &Book, reader: &Reader) -> bool {
        match &self.audience {
            RoomKey::Everyone => true,
            RoomKey::Role(role) => reader.roles.contains(role),
            RoomKey::Named(room) => book
                .member(room, &reader.user)
                .is_some_and(|member| member.since <= self.notification.created_at),
            RoomKey::Personal(_) => false,
        }
    }
}

impl Inbox {
    /// How the user has a broadcast that was never changed by itself.
    fn default_state(&self, number: u64) -> State {
        let covers = |mark: Mark| mark.at.filter(|_| number <= mark.up_to);
        let read_at = covers(self.read);
        State { seen_at: covers(self.seen).or(read_at), read_at, ..State::default() }
    }

    fn remove(&mut self, id: EntryId) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        // More than time can have added to the revision by this row.
        self.revision += 3;
        Some(row)
    }
}

impl Inboxes {
    pub(super) fn has_room_for(&self, rows: usize) -> bool {
        self.rows + rows <= ROWS_MAX
    }

    /// An inbox is known from now on.
    pub(super) fn know(&mut self, user: &UserId) -> &mut Inbox {
        let since = self.last;
        self.users.entry(user.clone()).or_insert_with(|| Inbox { since, ..Inbox::default() })
    }

    pub(super) fn add(&mut self, new: &Notification, audience: RoomKey, now: Timestamp) -> Added {
        let is_same = |known: &Notification| {
            known.id == new.id
                || new.content.dedupe_key.is_some() && known.content.dedupe_key == new.content.dedupe_key
        };
        if let RoomKey::Personal(user) = &audience {
            let inbox = self.know(user);
            let own = inbox.rows.values().filter_map(|row| match &row.what {
                What::Own(notification) => Some(notification.clone()),
                _ => None,
            });
            let known = own.filter(|known| is_same(known)).collect::<Vec<_>>();
            if let Some(known) = known.iter().find(|known| !known.is_expired(now)) {
                return Added::Known(known.id);
            }
            known.iter().for_each(|known| drop(inbox.remove(known.id)));
            let row = Row { what: What::Own(Arc::new(new.clone())), state: State::default() };
            inbox.rows.insert(new.id, row);
            inbox.revision += 1;
            self.rows = self.rows + 1 - known.len();
            return Added::New;
        }
        let known: Vec<(u64, EntryId, bool)> = self
            .broadcasts
            .iter()
            .filter(|(_, known)| {
                known.notification.id == new.id || known.audience == audience && is_same(&known.notification)
            })
            .map(|(number, known)| (*number, known.notification.id, known.notification.is_expired(now)))
            .collect();
        if let Some((_, id, _)) = known.iter().find(|(_, _, is_expired)| !is_expired) {
            return Added::Known(*id);
        }
        known.iter().for_each(|(number, _, _)| drop(self.remove_broadcast(*number)));
        self.last += 1;
        self.changes += 1;
        self.rows += 1;
        self.broadcasts.insert(self.last, Broadcast { audience, notification: Arc::new(new.clone()) });
        Added::New
    }

    /// All that is in an inbox, newest first.
    pub(super) fn items(&self, book: &Book, reader: &Reader, now: Timestamp) -> Vec<Item> {
        let Some(inbox) = self.users.get(&reader.user) else { return Vec::new() };
        let item = |notification: &Arc<Notification>, audience: &RoomKey, state: State| Item {
            notification: Notification::clone(notification),
            audience: audience.clone(),
            state: state.at(now),
        };
        let own = RoomKey::Personal(reader.user.clone());
        let mut items = Vec::new();
        for row in inbox.rows.values() {
            match &row.what {
                What::Own(notification) if !notification.is_expired(now) => {
                    items.push(item(notification, &own, row.state));
                }
                _ => {}
            }
        }
        for (number, broadcast) in self.broadcasts.range((Bound::Excluded(inbox.since), Bound::Unbounded)) {
            if broadcast.notification.is_expired(now) || !broadcast.is_for(book, reader) {
                continue;
            }
            let state = match inbox.rows.get(&broadcast.notification.id) {
                Some(Row { what: What::Deleted(_), .. }) => continue,
                Some(row) => row.state,
                None => inbox.default_state(*number),
            };
            items.push(item(&broadcast.notification, &broadcast.audience, state));
        }
        items.sort_unstable_by_key(|item| std::cmp::Reverse(item.notification.id));
        items
    }

    pub(super) fn unread(&self, book: &Book, reader: &Reader, now: Timestamp) -> u64 {
        self.items(book, reader, now).iter().filter(|item| item.state.counts()).count() as u64
    }

    pub(super) fn counters(&mut self, book: &Book, reader: &Reader, now: Timestamp) -> Counters {
        self.know(&reader.user);
        let unread = self.unread(book, reader, now);
        let expired = self.broadcasts.values().filter(|it| it.notification.is_expired(now)).count() as u64;
        let inbox = self.know(&reader.user);
        let due = |row: &Row| match &row.what {
            What::Own(notification) => row.state.due(notification.expires_at, now),
            What::Broadcast(_) => row.state.due(None, now),
            What::Deleted(_) => 0,
        };
        let revision = inbox.revision + inbox.rows.values().map(due).sum::<u64>();
        Counters { unread, revision: revision + self.changes + expired }
    }

    pub(super) fn mark(
        &mut self,
        book: &Book,
        reader: &Reader,
        which: &Which,
        change: Change,
        now: Timestamp,
    ) -> Vec<EntryId> {
        self.know(&reader.user);
        let scope = change.scope();
        let mut items = self.items(book, reader, now);
        items.retain(|item| match which {
            Which::Ids(ids) => ids.contains(&item.notification.id),
            Which::UpTo(up_to) => {
                item.notification.id <= *up_to && scope.matches(item.notification.severity, None, &item.state)
            }
        });
        let mark = match which {
            Which::UpTo(up_to) => self.covered(*up_to),
            Which::Ids(_) => 0,
        };
        let numbers: BTreeMap<EntryId, u64> =
            self.broadcasts.iter().map(|(number, it)| (it.notification.id, *number)).collect();
        let inbox = self.know(&reader.user);
        let is_mark = matches!(change, Change::Seen | Change::Read);
        let mut changed = Vec::new();
        let mut rows = 0isize;
        for item in items {
            let id = item.notification.id;
            let Some(state) = item.state.with(change, now) else { continue };
            changed.push(id);
            inbox.revision += 2;
            let number = numbers.get(&id).filter(|_| !matches!(item.audience, RoomKey::Personal(_)));
            match (number, inbox.rows.get_mut(&id)) {
                (None, _) if change == Change::Delete => {
                    rows -= isize::from(inbox.remove(id).is_some());
                }
                (Some(number), Some(row)) if change == Change::Delete => row.what = What::Deleted(*number),
                (_, Some(row)) => row.state = state,
                (Some(number), None) if is_mark && *number <= mark => {}
                (Some(number), None) => {
                    let is_gone = change == Change::Delete;
                    let what = if is_gone { What::Deleted(*number) } else { What::Broadcast(*number) };
                    inbox.rows.insert(id, Row { what, state });
                    rows += 1;
                }
                (None, None) => {}
            }
        }
        let mark = Mark { up_to: mark, at: Some(now) };
        let known = if change == Change::Seen { &mut inbox.seen } else { &mut inbox.read };
        if is_mark && mark.up_to > known.up_to {
            *known = mark;
            // It covers what other roles of the user would see.
            inbox.revision += 1;
        }
        self.rows = self.rows.saturating_add_signed(rows);
        changed
    }

    /// Up to which number all broadcasts have an id up to this one: there a mark may be.
    fn covered(&self, up_to: EntryId) -> u64 {
        let later = self.broadcasts.iter().find(|(_, it)| it.notification.id > up_to);
        later.map_or(self.last, |(number, _)| number - 1)
    }

    pub(super) fn roles(&self) -> Vec<Role> {
        let role = |broadcast: &Broadcast| match &broadcast.audience {
            RoomKey::Role(role) => Some(role.clone()),
            _ => None,
        };
        self.broadcasts.values().filter_map(role).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn users(&self, after: Option<&UserId>, limit: usize) -> Vec<UserId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.range::<UserId, _>((from, Bound::Unbounded));
        users.map(|(user, _)| user.clone()).take(limit).collect()
    }

    pub(super) fn receipts(
        &self,
        book: &Book,
        id: EntryId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Vec<Receipt> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.range::<UserId, _>((from, Bound::Unbounded));
        let broadcast = self.broadcasts.iter().find(|(_, it)| it.notification.id == id);
        let covered = |user: &UserId, inbox: &Inbox| {
            let (number, broadcast) = broadcast?;
            let reader = Reader { user: user.clone(), roles: Vec::new() };
            let state = inbox.default_state(*number);
            let is_there = *number > inbox.since && broadcast.is_for(book, &reader);
            (is_there && state.seen_at.is_some()).then_some(state)
        };
        let receipt = |(user, inbox): (&UserId, &Inbox)| {
            let known = inbox.rows.get(&id).map(|row| row.state);
            let State { seen_at, read_at, .. } = known.or_else(|| covered(user, inbox))?;
            Some(Receipt { user: user.clone(), seen_at, read_at })
        };
        users.filter_map(receipt).take(limit).collect()
    }

    pub(super) fn all_of(&self, user: &UserId, after: Option<EntryId>, limit: usize) -> Vec<Item> {
        let Some(inbox) = self.users.get(user) else { return Vec::new() };
        let rows = inbox.rows.range((after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded));
        let item = |(_, row): (&EntryId, &Row)| {
            let (notification, audience) = match &row.what {
                What::Own(notification) => (notification, RoomKey::Personal(user.clone())),
                What::Broadcast(number) => {
                    let Broadcast { audience, notification } = self.broadcasts.get(number)?;
                    (notification, audience.clone())
                }
                What::Deleted(_) => return None,
            };
            Some(Item { notification: Notification::clone(notification), audience, state: row.state })
        };
        rows.filter_map(item).take(limit).collect()
    }

    pub(super) fn settle(&mut self, now: Timestamp, limit: usize) -> Stir {
        let mut stir = Stir::default();
        let (mut left, mut rows) = (limit, 0);
        for (user, inbox) in &mut self.users {
            let (mut woken, mut gone) = (Vec::new(), Vec::new());
            for (id, row) in &mut inbox.rows {
                if left == 0 {
                    break;
                }
                let expires_at = match &row.what {
                    What::Own(notification) => notification.expires_at,
                    What::Broadcast(_) => None,
                    What::Deleted(_) => continue,
                };
                let due = row.state.due(expires_at, now);
                left -= usize::from(due > 0);
                inbox.revision += due;
                if is_over(expires_at, now) {
                    gone.push(*id);
                } else if due > 0 {
                    row.state = row.state.at(now);
                    woken.push(*id);
                }
            }
            gone.iter().for_each(|id| drop(inbox.rows.remove(id)));
            rows += gone.len();
            if !woken.is_empty() || !gone.is_empty() {
                stir.users.push(Stirred { user: user.clone(), woken, gone });
            }
        }
        self.rows -= rows;
        self.drop_broadcasts(&mut stir, &mut left, |it| it.is_expired(now));
        stir
    }

    pub(super) fn drop_old(&mut self, keep: KeepSince, limit: usize) -> Stir {
        let (read, unread) = (first_id_of(keep.read), first_id_of(keep.unread));
        let mut stir = Stir::default();
        let (mut left, mut rows) = (limit, 0);
        for (user, inbox) in &mut self.users {
            let is_old = |(id, row): &(&EntryId, &Row)| {
                let is_done = row.state.read_at.is_some() || row.state.archived_at.is_some();
                matches!(row.what, What::Own(_)) && **id < if is_done { read } else { unread }
            };
            let gone: Vec<EntryId> = inbox.rows.iter().filter(is_old).map(|(id, _)| *id).take(left).collect();
            gone.iter().for_each(|id| drop(inbox.remove(*id)));
            left -= gone.len();
            rows += gone.len();
            if !gone.is_empty() {
                stir.users.push(Stirred { user: user.clone(), woken: Vec::new(), gone });
            }
        }
        self.rows -= rows;
        self.drop_broadcasts(&mut stir, &mut left, |it| it.id < read.min(unread));
        stir
    }

    fn drop_broadcasts(&mut self, stir: &mut Stir, left: &mut usize, old: impl Fn(&Notification) -> bool) {
        let old = self.broadcasts.iter().filter(|(_, it)| old(&it.notification));
        let old: Vec<u64> = old.map(|(number, _)| *number).take(*left).collect();
        *left -= old.len();
        stir.broadcasts.extend(old.into_iter().filter_map(|number| self.remove_broadcast(number)));
        stir.more = *left == 0;
    }

    fn remove_broadcast(&mut self, number: u64) -> Option<(RoomKey, EntryId)> {
        let Broadcast { audience, notification } = self.broadcasts.remove(&number)?;
        self.changes += 1;
        self.rows -= 1;
        for inbox in self.users.values_mut() {
            if matches!(inbox.rows.get(&notification.id), Some(Row { what: What::Broadcast(of) | What::Deleted(of), .. }) if *of == number)
            {
                inbox.remove(notification.id);
                self.rows -= 1;
            }
        }
        Some((audience, notification.id))
    }

    /// A room is gone, and with it what was sent to its members.
    pub(in crate::store_memory) fn delete_room(&mut self, room: &RoomName) {
        let of_room: Vec<u64> = self
            .broadcasts
            .iter()
            .filter(|(_, it)| matches!(&it.audience, RoomKey::Named(name) if name == room))
            .map(|(number, _)| *number)
            .collect();
        of_room.into_iter().for_each(|number| drop(self.remove_broadcast(number)));
    }

    /// A membership began or ended.
    pub(in crate::store_memory) fn membership_changed(&mut self, user: &UserId) {
        if let Some(inbox) = self.users.get_mut(user) {
            inbox.revision += 1;
        }
    }

    /// How many notifications there were of the user's own.
    pub(in crate::store_memory) fn erase(&mut self, user: &UserId) -> u64 {
        self.preferences.remove(user);
        self.schedule.erase(user);
        let Some(inbox) = self.users.remove(user) else { return 0 };
        self.rows -= inbox.rows.len();
        inbox.rows.values().filter(|row| matches!(row.what, What::Own(_))).count() as u64
    }
}
