//! People's presence, in memory.

use std::{
    collections::BTreeMap,
    ops::{Bound, RangeInclusive},
};

use tidings_protocol::{Timestamp, UserId};

use super::{MemoryStore, ready};
use crate::store::{Answer, People, Person, ServerId};

/// How long a server is remembered that has nobody left.
const FORGET_AFTER_MS: u64 = 24 * 60 * 60 * 1_000;

/// Everyone who was ever noted, and the servers' leases.
#[derive(Default)]
pub(super) struct Crowd {
    people: BTreeMap<UserId, Person>,
    leases: BTreeMap<ServerId, Timestamp>,
}

impl Crowd {
    fn told(&self, person: &Person) -> Person {
        let renewed_at = person.server.as_ref().and_then(|server| self.leases.get(server).copied());
        person.clone().seen_with(renewed_at)
    }

    fn note(&mut self, person: Person) {
        let noted = match self.people.remove(&person.user) {
            Some(known) => person.noted_after(known),
            None => person,
        };
        self.people.insert(noted.user.clone(), noted);
    }

    pub(super) fn forget(&mut self, user: &UserId) {
        self.people.remove(user);
    }

    fn renew(&mut self, server: ServerId, now: Timestamp) {
        let people = &self.people;
        let has_people = |server: &ServerId| people.values().any(|it| it.server.as_ref() == Some(server));
        let is_old = |at: &Timestamp| at.millis() + FORGET_AFTER_MS < now.millis();
        self.leases.retain(|server, at| !is_old(at) || has_people(server));
        self.leases.insert(server, now);
    }
}

impl People for MemoryStore {
    fn note_people(&self, people: Vec<Person>) -> Answer<'_, ()> {
        let mut crowd = self.crowd.lock();
        people.into_iter().for_each(|person| crowd.note(person));
        ready(())
    }

    fn people(&self, users: Vec<UserId>) -> Answer<'_, Vec<Person>> {
        let crowd = self.crowd.lock();
        ready(users.iter().filter_map(|user| crowd.people.get(user)).map(|it| crowd.told(it)).collect())
    }

    fn all_people(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Person>> {
        let crowd = self.crowd.lock();
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let people = crowd.people.range::<UserId, _>((from, Bound::Unbounded)).take(limit);
        ready(people.map(|(_, person)| crowd.told(person)).collect())
    }

    fn renew_lease(&self, server: ServerId, now: Timestamp) -> Answer<'_, ()> {
        self.crowd.lock().renew(server, now);
        ready(())
    }

    fn left_behind(&self, alive: RangeInclusive<Timestamp>, limit: usize) -> Answer<'_, Vec<Person>> {
        let crowd = self.crowd.lock();
        let is_alone = |person: &&Person| {
            let renewed_at = person.server.as_ref().and_then(|server| crowd.leases.get(server));
            renewed_at.is_some_and(|at| !alive.contains(at))
        };
        // Servers come and go one at a time: mostly there is nobody to look for.
        if crowd.leases.values().all(|at| alive.contains(at)) {
            return ready(Vec::new());
        }
        ready(crowd.people.values().filter(is_alone).take(limit).map(|it| crowd.told(it)).collect())
    }
}
