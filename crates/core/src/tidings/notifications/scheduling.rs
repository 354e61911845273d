//! Notifications that are sent later, or again and again.

use serde::{Deserialize, Serialize};
use tidings_protocol::{
    EntryId, Fault, Json, Timestamp, UserId,
    http::{NotifyRequest, Reached, TargetFields},
};

use super::{
    Ask, Audience, Sent,
    digesting::{Ready, Waiting, part_id},
    sending::json,
};
use crate::{
    RoomKey, StoreError, Tidings,
    store::{
        Once,
        inbox::{Addressed, Notified, Scheduled, first_id_of},
    },
    tidings::unavailable,
};

/// What is kept until it is sent.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) request: NotifyRequest,
    /// When it is sent first; of what waits for a digest, when it was taken.
    pub(super) first: Timestamp,
    /// What it waits with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<Waiting>,
    /// What came of all that waited with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ready: Option<Ready>,
}

/// Something that waits to be sent.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What calls it off.
    pub id: EntryId,
    /// What calls off all of the same request, where that is another.
    pub part_of: Option<EntryId>,
    /// When it is sent next.
    pub due_at: Timestamp,
    /// As it came, for this audience; nothing where another version wrote it.
    pub request: NotifyRequest,
    /// Whether it waits for others of its kind.
    pub digest: bool,
}

/// What became of a plan that was due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Carried {
    /// It was sent.
    Out,
    /// It was sent with others, or will be.
    WithOthers,
    /// It cannot be: it was written by another version, or its room is no longer known.
    Dropped,
}

impl Tidings {
    /// Keeps a notification until it is to be sent. The id that is answered is the one that the first sending will have.
    pub(super) async fn plan(&self, ask: Ask, once: Option<Once>, now: Timestamp) -> Result<Sent, Fault> {
        let first = ask.send_at.unwrap_or(now);
        let id = EntryId::new(first);
        let later = |audience: RoomKey, id: EntryId, part_of: Option<EntryId>, request: NotifyRequest| {
            let user = if let RoomKey::Personal(user) = &audience { Some(user.clone()) } else { None };
            let data = json(&Plan { request, first, digest: None, ready: None })?;
            let scheduled = Scheduled { id, due_at: first, user, part_of, data };
            Ok::<_, Fault>(Addressed { audience, tell: Vec::new(), later: Some(scheduled) })
        };
        let whole = |audience: RoomKey| later(audience, id, None, (*ask.request).clone());
        let for_one = |user: &UserId| {
            let to = TargetFields { user: Some(user.clone()), ..TargetFields::default() };
            let request = NotifyRequest { to, ..(*ask.request).clone() };
            later(RoomKey::Personal(user.clone()), part_id(id, user, first), Some(id), request)
        };
        let to = match &ask.to {
            Audience::Users(users) if users.len() == 1 => {
                vec![whole(RoomKey::Personal(users[0].clone()))?]
            }
            Audience::Users(users) => users.iter().map(for_one).collect::<Result<_, _>>()?,
            Audience::Members(room) => vec![whole(RoomKey::Named(room.clone()))?],
            Audience::All(key) => vec![whole(key.clone())?],
        };
        let notification = ask.notification(id, first);
        let notified = self.store.notify(notification, to, once, now).await.map_err(unavailable)?;
        let (id, replayed) = match notified {
            Notified::Before(ids) => (ids.first().copied().unwrap_or(id), true),
            Notified::New(_) => (id, false),
        };
        self.desk.note_due(first);
        let reached = Reached::default();
        Ok(Sent { id, deduplicated: false, scheduled_for: Some(first), reached, replayed })
    }

    /// What waits to be sent, in the order of ids, beginning behind `after`.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn planned(&self, after: Option<EntryId>, limit: usize) -> Result<Vec<Planned>, Fault> {
        let show = |Scheduled { id, due_at, part_of, data, .. }| {
            let plan = plan_of(&data);
            let digest = plan.as_ref().is_some_and(|plan| plan.digest.is_some());
            let request = plan.map_or_else(NotifyRequest::default, |plan| plan.request);
            Planned { id, part_of, due_at, request, digest }
        };
        let all = self.store.all_scheduled(after, limit).await.map_err(unavailable)?;
        Ok(all.into_iter().map(show).collect())
    }

    /// Calls off a notification that was not sent yet, or its repetition; whether there was one.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn call_off(&self, id: EntryId) -> Result<bool, Fault> {
        self.store.finish_scheduled(id).await.map_err(unavailable)
    }

    /// Sends what is due, and sees to its repetition. Sent twice with the same id, it is there once.
    ///
    /// # Errors
    /// Those of the store: then it is due again when its lease is over.
    pub(super) async fn send_planned(&self, scheduled: Scheduled) -> Result<Carried, StoreError> {
        let plan = plan_of(&scheduled.data);
        if let Some(waiting) = plan.as_ref().and_then(|plan| plan.digest.clone()) {
            return self.send_gathered(scheduled, waiting).await;
        }
        let Scheduled { id, due_at, user, part_of, data } = scheduled;
        let ask = plan.and_then(|plan| Some((Ask::read(plan.request).ok()?, plan.first)));
        let Some((mut ask, first)) = ask.filter(|(ask, _)| self.still_makes_sense(ask)) else {
            self.store.finish_scheduled(id).await?;
            return Ok(Carried::Dropped);
        };
        ask.expires_at = ask.expires_at.or(ask.repeat.as_ref().and_then(|repeat| repeat.expiry(due_at)));
        let sent_as = id_at(due_at, &part_of.unwrap_or(id).bytes()[6..]);
        if ask.expires_at.is_none_or(|at| at > self.clock.now()) {
            self.send_due(sent_as, due_at, &ask).await.map_err(back)?;
        }
        let next = ask.repeat.as_ref().and_then(|repeat| repeat.next(first, self.clock.now().max(due_at)));
        match next {
            Some(due_at) => {
                self.store.schedule(Scheduled { id, due_at, user, part_of, data }).await?;
                self.desk.note_due(due_at);
            }
            None => {
                self.store.finish_scheduled(id).await?;
            }
        }
        Ok(Carried::Out)
    }

    /// Whether it would be more than a row that nobody can see.
    fn still_makes_sense(&self, ask: &Ask) -> bool {
        let is_known = match &ask.to {
            Audience::Members(room) => self.known(room.clone(), "to.room").is_ok(),
            Audience::Users(_) | Audience::All(_) => true,
        };
        is_known && ask.expires_at.is_none_or(|at| at > self.clock.now())
    }
}

/// What is kept of a plan; nothing where another version wrote it.
pub(super) fn plan_of(data: &Json) -> Option<Plan> {
    serde_json::from_str(data.as_str()).ok()
}

/// What made the store refuse, for the job's report; of the fault only its public words are left.
pub(super) fn back(fault: Fault) -> StoreError {
    StoreError::Unavailable(fault.message.into_owned())
}

/// An id of a moment with given random bits (RFC 9562 section 5.7).
pub(super) fn id_at(time: Timestamp, random: &[u8]) -> EntryId {
    let mut bytes = first_id_of(time).bytes();
    for (byte, random) in bytes[6..].iter_mut().zip(random) {
        *byte = *random;
    }
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EntryId::from_bytes(bytes)
}
