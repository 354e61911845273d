//! People's presence and receipts are no log: all of it goes to the store behind as it is.

use std::ops::RangeInclusive;

use tidings_protocol::{Timestamp, UserId};

use super::RecentStore;
use crate::store::{Answer, People, Person, ServerId};

crate::hand_on_receipts!(RecentStore, |recent| recent.store());

impl People for RecentStore {
    fn note_people(&self, people: Vec<Person>) -> Answer<'_, ()> {
        self.store().note_people(people)
    }

    fn people(&self, users: Vec<UserId>) -> Answer<'_, Vec<Person>> {
        self.store().people(users)
    }

    fn all_people(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Person>> {
        self.store().all_people(after, limit)
    }

    fn renew_lease(&self, server: ServerId, now: Timestamp) -> Answer<'_, ()> {
        self.store().renew_lease(server, now)
    }

    fn left_behind(&self, alive: RangeInclusive<Timestamp>, limit: usize) -> Answer<'_, Vec<Person>> {
        self.store().left_behind(alive, limit)
    }
}
