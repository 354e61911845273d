//! What outlives the process of people's presence: when they were last seen, and what the back end was told of them.
//!
//! What the store has is what the back end was told: each change is kept first, with its revision, and told then. So a change is
//! told once also where the process ended in between or the store did not answer, and whoever was online on a server that died
//! is found by the lease that it no longer renews.

use std::{collections::HashMap, time::Duration};

use futures_util::lock::Mutex;
use tidings_protocol::{Timestamp, UserId, reply::Presence};

use super::Tidings;
use crate::{
    Monotonic, StoreError,
    presence::{Change, UserEvent, UserEvents},
    store::{Person, ServerId},
};

/// How often a server says that it is there. What is kept of when somebody was last seen is never older than that.
const RENEW_EVERY: Duration = Duration::from_secs(15);
/// Whose server said nothing for this long is online no more.
const LEASE: Duration = Duration::from_secs(45);
/// Users of one transaction: others who write wait for it, some milliseconds.
const BATCH: usize = 500;
/// Pages of people left behind in one go; the rest is for the next.
const PAGES_MAX: usize = 1_000;

/// Of this run of the server.
pub(super) struct Keeper {
    server: ServerId,
    /// Held by whoever keeps what changed, or forgets somebody: one at a time.
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    /// When the lease was renewed last, and when it was last looked for people left behind.
    renewed_at: Option<Monotonic>,
    looked_at: Option<Monotonic>,
}

impl Keeper {
    pub(super) fn new() -> Self {
        Self { server: ServerId::fresh(), turn: Mutex::default() }
    }
}

impl Tidings {
    /// What the back end is to be told of people, from now on.
    pub fn user_events(&self) -> UserEvents {
        self.hub.presences.feed.listen()
    }

    /// Keeps who came and who went, and tells it then; renews this server's lease; tells of those whose server is gone. To be
    /// called a few times a second. What could not be kept is tried again by the next call.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn keep_people(&self) -> Result<(), StoreError> {
        let mut turn = self.keeper.turn.lock().await;
        let now = self.clock.monotonic();
        let is_due = |at: Option<Monotonic>, wait: Duration| at.is_none_or(|at| now.since(at) >= wait);
        let is_needed = self.hub.user_count() > 0 || !self.hub.presences.changes.is_empty();
        if is_needed && is_due(turn.renewed_at, RENEW_EVERY) {
            self.renew_lease().await?;
            turn.renewed_at = Some(now);
        }
        self.keep_changes().await?;
        if is_due(turn.looked_at, RENEW_EVERY) {
            turn.looked_at = Some(now);
            self.find_left_behind().await?;
        }
        Ok(())
    }

    /// The last [`Self::keep_people`] before the process ends: whoever is here now was seen now. They stay online for the back end
    /// until the lease has ended, for they may be back before that.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn leave_people(&self) -> Result<(), StoreError> {
        let _turn = self.keeper.turn.lock().await;
        if self.hub.user_count() > 0 || !self.hub.presences.changes.is_empty() {
            self.renew_lease().await?;
        }
        self.keep_changes().await
    }

    /// How users are, in the order given. When somebody who is not here was last seen is in the store; while that is away it is not
    /// known.
    pub async fn presence_of_users(&self, users: &[UserId]) -> Vec<Presence> {
        let mut items = self.hub.presence_of_users(users);
        let is_unknown = |item: &&Presence| item.last_seen.is_none();
        let absent: Vec<UserId> = items.iter().filter(is_unknown).map(|item| item.user.clone()).collect();
        if absent.is_empty() {
            return items;
        }
        let known = self.store.people(absent).await.unwrap_or_default();
        let seen: HashMap<UserId, Timestamp> =
            known.into_iter().map(|person| (person.user, person.last_seen)).collect();
        for item in items.iter_mut().filter(|item| item.last_seen.is_none()) {
            item.last_seen = seen.get(&item.user).copied();
        }
        items
    }

    /// When a user was last seen, for whoever hands out all that is kept of them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn last_seen(&self, user: &UserId) -> Result<Option<Timestamp>, StoreError> {
        if let Some(at) = self.hub.presences.changes.seen(user) {
            return Ok(Some(at));
        }
        let known = self.store.people(vec![user.clone()]).await?;
        Ok(known.first().map(|person| person.last_seen))
    }

    /// Nothing of a user is kept while `forget` runs, and what waits to be kept is dropped before.
    pub(super) async fn without_keeping<T>(&self, user: &UserId, forget: impl Future<Output = T>) -> T {
        let _turn = self.keeper.turn.lock().await;
        self.hub.presences.changes.forget(user);
        forget.await
    }

    async fn renew_lease(&self) -> Result<(), StoreError> {
        self.store.renew_lease(self.keeper.server.clone(), self.clock.now()).await
    }

    async fn keep_changes(&self) -> Result<(), StoreError> {
        let changes = &self.hub.presences.changes;
        while !changes.is_empty() {
            let taken = changes.take(BATCH);
            let mut known = self.people_known(taken.iter().map(|(user, _)| user.clone()).collect()).await?;
            let steps: Vec<Step> = taken
                .iter()
                .map(|(user, it)| step(user, it, known.remove(user), &self.keeper.server))
                .collect();
            let people: Vec<Person> = steps.iter().filter_map(|step| step.note.clone()).collect();
            if !people.is_empty()
                && let Err(error) = self.store.note_people(people).await
            {
                if matches!(error, StoreError::Uncertain(_)) {
                    let events = steps.iter().flat_map(|step| &step.after);
                    events.for_each(|event| changes.doubt(&event.user, event.revision));
                }
                return Err(error);
            }
            changes.kept();
            steps
                .into_iter()
                .flat_map(|step| step.before.into_iter().chain(step.after))
                .for_each(|it| self.tell(it));
        }
        Ok(())
    }

    /// What is known of users. What is damaged of one must not hold up the others: that one begins anew.
    async fn people_known(&self, users: Vec<UserId>) -> Result<HashMap<UserId, Person>, StoreError> {
        let people = match self.store.people(users.clone()).await {
            Err(StoreError::Corrupt(_)) => {
                let mut people = Vec::new();
                for user in users {
                    match self.store.people(vec![user]).await {
                        Err(StoreError::Corrupt(_)) => {}
                        known => people.extend(known?),
                    }
                }
                people
            }
            known => known?,
        };
        Ok(people.into_iter().map(|person| (person.user.clone(), person)).collect())
    }

    /// Tells of people whose server is gone and who are not here either.
    async fn find_left_behind(&self) -> Result<(), StoreError> {
        let now = self.clock.now().millis();
        let lease = LEASE.as_millis() as u64;
        // A lease from the future is of a time when the clock was wrong.
        let alive = Timestamp::from_millis(now.saturating_sub(lease))..=Timestamp::from_millis(now + lease);
        for _ in 0..PAGES_MAX {
            let left = self.store.left_behind(alive.clone(), BATCH).await?;
            let is_last = left.len() < BATCH;
            let is_here = |person: &Person| self.hub.users.get(&person.user).is_some();
            let (here, gone): (Vec<Person>, Vec<Person>) = left.into_iter().partition(is_here);
            let taken_over = |person| Person { server: Some(self.keeper.server.clone()), ..person };
            if !here.is_empty() {
                self.renew_lease().await?;
            }
            let gone: Vec<Person> =
                gone.into_iter().map(|it| offline(it, Timestamp::from_millis(now))).collect();
            let people: Vec<Person> = here.into_iter().map(taken_over).chain(gone.iter().cloned()).collect();
            if people.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.store.note_people(people).await {
                if matches!(error, StoreError::Uncertain(_)) {
                    let changes = &self.hub.presences.changes;
                    gone.iter().for_each(|it| changes.doubt_offline(&it.user, it.last_seen, it.revision));
                }
                return Err(error);
            }
            gone.iter().for_each(|person| self.tell(event_of(person)));
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    fn tell(&self, event: UserEvent) {
        let metrics = &self.hub.metrics;
        if event.online {
            metrics.users_online.inc()
        } else {
            metrics.users_offline.inc()
        };
        metrics.user_events_dropped.inc_by(self.hub.presences.feed.tell(&event));
    }
}

/// What a change comes to.
#[derive(PartialEq, Debug)]
struct Step {
    /// What the back end should have been told before: it was kept, and nobody knew.
    before: Option<UserEvent>,
    /// What is to be kept.
    note: Option<Person>,
    /// What the back end is to be told once that is kept.
    after: Option<UserEvent>,
}

fn step(user: &UserId, change: &Change, known: Option<Person>, own: &ServerId) -> Step {
    let before = known.as_ref().filter(|known| change.tried == Some(known.revision)).map(event_of);
    let is_told_online = known.as_ref().is_some_and(|known| known.server.is_some());
    let revision = known.as_ref().map_or(0, |known| known.revision);
    let on = known.as_ref().and_then(|known| known.server.clone());
    let person = |revision, server| Person { user: user.clone(), last_seen: change.at, revision, server };
    let (note, is_told) = match (change.online, known) {
        // They were online on a server that died, or are on another one too.
        (true, Some(_)) if is_told_online => {
            ((on.as_ref() != Some(own)).then(|| person(revision, Some(own.clone()))), false)
        }
        (true, _) => (Some(person(revision + 1, Some(own.clone()))), true),
        // Forgotten meanwhile, for good.
        (false, None) if change.was_online => (None, false),
        (false, _) if on.as_ref() == Some(own) => (Some(person(revision + 1, None)), true),
        // They came and went before it was kept, or are online elsewhere.
        (false, _) => (Some(person(revision, on)), false),
    };
    let after = note.as_ref().filter(|_| is_told).map(event_of);
    Step { before, note, after }
}

/// Somebody whose server is gone.
fn offline(person: Person, now: Timestamp) -> Person {
    let last_seen = person.last_seen.min(now);
    Person { revision: person.revision + 1, server: None, last_seen, ..person }
}

fn event_of(person: &Person) -> UserEvent {
    let Person { user, last_seen, revision, server } = person;
    UserEvent { user: user.clone(), online: server.is_some(), revision: *revision, at: *last_seen }
}

#[cfg(test)]
mod tests;
