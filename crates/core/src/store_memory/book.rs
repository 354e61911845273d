//! Everything but the logs: rooms' data, members, revocations, idempotency keys, the audit log and jobs.

use std::collections::{BTreeMap, VecDeque, btree_map};
use std::ops::Bound;

use hashbrown::HashMap;
use tidings_protocol::{EntryId, Json, Offset, RoomName, Timestamp, UserId};

use crate::{
    StoreError,
    store::{AuditAct, AuditRecord, JobState, Member, MemberRole, Once, Revocation, Tidy},
};

/// Most idempotency keys that are kept, and most audit records: this store is for trying things out.
const KEYS_MAX: usize = 100_000;
const AUDIT_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Book {
    rooms: BTreeMap<RoomName, Room>,
    revocations: HashMap<UserId, Timestamp>,
    keys: HashMap<Box<str>, Used>,
    /// Keys in the order of their use.
    used: VecDeque<(Timestamp, Box<str>)>,
    audit: VecDeque<AuditRecord>,
    jobs: BTreeMap<&'static str, JobState>,
}

struct Room {
    data: Json,
    since: Timestamp,
    members: BTreeMap<UserId, Member>,
}

struct Used {
    print: [u8; 32],
    places: Vec<(EntryId, Offset)>,
}

impl Book {
    /// A room's data, number of members and age.
    pub(super) fn room(&self, name: &RoomName) -> Option<(Json, u64, Timestamp)> {
        self.rooms.get(name).map(|room| (room.data.clone(), room.members.len() as u64, room.since))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &RoomName> {
        self.rooms.keys()
    }

    pub(super) fn put_room(&mut self, name: RoomName, data: Json, now: Timestamp) {
        self.note(name, now).data = data;
    }

    pub(super) fn delete_room(&mut self, name: &RoomName) -> bool {
        self.rooms.remove(name).is_some()
    }

    pub(super) fn member(&self, room: &RoomName, user: &UserId) -> Option<Member> {
        self.rooms.get(room)?.members.get(user).cloned()
    }

    pub(super) fn members(&self, room: &RoomName, after: Option<&UserId>, limit: usize) -> Vec<Member> {
        let Some(room) = self.rooms.get(room) else { return Vec::new() };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        room.members
            .range::<UserId, _>((from, Bound::Unbounded))
            .take(limit)
            .map(|(_, member)| member.clone())
            .collect()
    }

    pub(super) fn rooms_of(
        &self,
        user: &UserId,
        after: Option<&RoomName>,
        limit: usize,
    ) -> Vec<(RoomName, MemberRole)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rooms = self.rooms.range::<RoomName, _>((from, Bound::Unbounded));
        let role = |room: &Room| room.members.get(user).map(|member| member.role.clone());
        rooms.filter_map(|(name, room)| Some((name.clone(), role(room)?))).take(limit).collect()
    }

    pub(super) fn put_member(&mut self, name: RoomName, member: Member) -> bool {
        let room = self.note(name, member.since);
        match room.members.entry(member.user.clone()) {
            btree_map::Entry::Vacant(place) => {
                place.insert(member);
                true
            }
            btree_map::Entry::Occupied(mut place) => {
                place.get_mut().role = member.role;
                false
            }
        }
    }

    pub(super) fn remove_member(&mut self, room: &RoomName, user: &UserId) -> bool {
        self.rooms.get_mut(room).is_some_and(|room| room.members.remove(user).is_some())
    }

    pub(super) fn revoke(&mut self, user: UserId, at: Timestamp) {
        let known = self.revocations.entry(user).or_insert(at);
        *known = at.max(*known);
    }

    pub(super) fn revocations(&self, since: Timestamp) -> Vec<Revocation> {
        let young = self.revocations.iter().filter(|(_, at)| **at >= since);
        young.map(|(user, at)| Revocation { user: user.clone(), at: *at }).collect()
    }

    /// Ends all that is a user's; how many memberships there were.
    pub(super) fn erase(&mut self, user: &UserId) -> u64 {
        self.revocations.remove(user);
        self.rooms.values_mut().filter_map(|room| room.members.remove(user)).count() as u64
    }

    /// What was appended with a key before, if it was used; an error when for something else.
    pub(super) fn used(&self, once: &Once) -> Option<Result<Vec<(EntryId, Offset)>, StoreError>> {
        let used = self.keys.get(&once.key)?;
        Some(if used.print == once.print { Ok(used.places.clone()) } else { Err(StoreError::Conflict) })
    }

    pub(super) fn use_key(&mut self, once: Once, places: Vec<(EntryId, Offset)>) {
        self.used.push_back((once.now, once.key.clone()));
        self.keys.insert(once.key, Used { print: once.print, places });
        self.forget_keys(|_, count| count > KEYS_MAX);
    }

    pub(super) fn tidy(&mut self, tidy: Tidy) -> u64 {
        let before = self.keys.len() + self.revocations.len();
        self.forget_keys(|used_at, _| used_at < tidy.keys_before);
        self.revocations.retain(|_, at| *at >= tidy.revocations_before);
        (before - self.keys.len() - self.revocations.len()) as u64
    }

    pub(super) fn audit(&mut self, act: AuditAct) -> AuditRecord {
        let (number, previous) = self.audit.back().map_or((1, [0; 32]), |last| (last.number + 1, last.hash));
        let record = AuditRecord::chain(number, &previous, act);
        self.audit.push_back(record.clone());
        if self.audit.len() > AUDIT_MAX {
            self.audit.pop_front();
        }
        record
    }

    pub(super) fn audit_log(&self, after: u64, limit: usize) -> Vec<AuditRecord> {
        self.audit.iter().filter(|record| record.number > after).take(limit).cloned().collect()
    }

    pub(super) fn claim_job(
        &mut self,
        name: &'static str,
        now: Timestamp,
        every_ms: u64,
        lease_ms: u64,
    ) -> bool {
        let fresh = || JobState { name: name.into(), claimed_until: None, ended_at: None, outcome: None };
        let job = self.jobs.entry(name).or_insert_with(fresh);
        let is_free = job.claimed_until.is_none_or(|until| until <= now);
        let is_due = job.ended_at.is_none_or(|ended| ended.millis() + every_ms <= now.millis());
        if is_free && is_due {
            job.claimed_until = Some(Timestamp::from_millis(now.millis() + lease_ms));
        }
        is_free && is_due
    }

    pub(super) fn finish_job(&mut self, name: &'static str, now: Timestamp, outcome: Result<Json, String>) {
        if let Some(job) = self.jobs.get_mut(name) {
            (job.claimed_until, job.ended_at, job.outcome) = (None, Some(now), Some(outcome));
        }
    }

    pub(super) fn jobs(&self) -> Vec<JobState> {
        self.jobs.values().cloned().collect()
    }

    fn note(&mut self, name: RoomName, now: Timestamp) -> &mut Room {
        self.rooms.entry(name).or_insert_with(|| Room {
            data: Json::null(),
            since: now,
            members: BTreeMap::new(),
        })
    }

    fn forget_keys(&mut self, old: impl Fn(Timestamp, usize) -> bool) {
        while self.used.front().is_some_and(|(used_at, _)| old(*used_at, self.used.len())) {
            if let Some((_, key)) = self.used.pop_front() {
                self.keys.remove(&key);
            }
        }
    }
}
