//! Notifications that are sent later, or again and again.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidings_protocol::{
    EntryId, Fault, Timestamp,
    http::{NotifyRequest, Reached},
};

use super::{Ask, Audience, Sent, sending::json};
use crate::{
    StoreError, Tidings,
    store::{
        Appended, Once,
        inbox::{Scheduled, first_id_of},
    },
    tidings::unavailable,
};

/// What is kept until it is sent.
#[derive(Serialize, Deserialize)]
struct Plan {
    request: NotifyRequest,
    /// When it is sent first.
    first: Timestamp,
}

/// What became of a plan that was due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Carried {
    /// It was sent.
    Out,
    /// It cannot be: it was written by another version, or its room is no longer known.
    Dropped,
}

impl Tidings {
    /// Keeps a notification until it is to be sent. The id that is answered is the one that the first sending will have.
    pub(super) async fn plan(&self, ask: Ask, once: Option<Once>, now: Timestamp) -> Result<Sent, Fault> {
        let first = ask.send_at.unwrap_or(now);
        let user = match &ask.to {
            Audience::Users(users) => users.first().cloned(),
            Audience::Members(_) | Audience::All(_) => None,
        };
        let id = match &once {
            None => EntryId::new(first),
            Some(once) => id_at(first, &seed(once)),
        };
        let mut replayed = false;
        if let Some(once) = once {
            // The key first: put again with the same id, a plan is the same plan, also where the process ended in between.
            let kept = self.store.append(Vec::new(), Some(once)).await.map_err(unavailable)?;
            replayed = matches!(kept, Appended::Before(_));
        }
        let data = json(&Plan { request: *ask.request, first })?;
        let scheduled = Scheduled { id, due_at: first, user, data };
        self.store.schedule(scheduled).await.map_err(unavailable)?;
        self.desk.note_due(first);
        let reached = Reached::default();
        Ok(Sent { id, deduplicated: false, scheduled_for: Some(first), reached, replayed })
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
        let Scheduled { id, due_at, user, data } = scheduled;
        let plan = serde_json::from_str::<Plan>(data.as_str()).ok();
        let ask = plan.and_then(|plan| Some((Ask::read(plan.request).ok()?, plan.first)));
        let Some((ask, first)) = ask.filter(|(ask, _)| self.still_makes_sense(ask)) else {
            self.store.finish_scheduled(id).await?;
            return Ok(Carried::Dropped);
        };
        self.send(id_at(due_at, &id.bytes()[6..]), due_at, &ask, None).await.map_err(back)?;
        let next = ask.repeat.as_ref().and_then(|repeat| repeat.next(first, self.clock.now().max(due_at)));
        match next {
            Some(due_at) => {
                self.store.schedule(Scheduled { id, due_at, user, data }).await?;
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

/// What made the store refuse, for the job's report; of the fault only its public words are left.
fn back(fault: Fault) -> StoreError {
    StoreError::Unavailable(fault.message.into_owned())
}

/// An id of a moment with given random bits (RFC 9562 section 5.7).
fn id_at(time: Timestamp, random: &[u8]) -> EntryId {
    let mut bytes = first_id_of(time).bytes();
    for (byte, random) in bytes[6..].iter_mut().zip(random) {
        *byte = *random;
    }
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    EntryId::from_bytes(bytes)
}

/// Bits that another request with another key would not have.
fn seed(once: &Once) -> [u8; 32] {
    Sha256::new().chain_update(once.print).chain_update(once.key.as_bytes()).finalize().into()
}
