//! From what a back end asks to inboxes, and to those who are there.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use tidings_protocol::{
    EntryId, EventType, Fault, Json, RoomName, Timestamp, UserId, http::Reached,
    notification::NewNotification,
};

use super::{Ask, Audience, Rules, digesting::ToWait, shown};
use crate::{
    Entry, Publication, RoomKey, Tidings,
    store::{
        Once,
        inbox::{Addressed, Notification, Notified, Outcome, Preferences},
    },
    tidings::unavailable,
};

/// Users whose preferences are read at once.
const READS: usize = 32;

/// What became of a notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sent {
    /// It, or the one that all whom it is for have with the same `dedupe_key`; of one that is sent again and again, what calls it off.
    pub id: EntryId,
    /// Whether all whom it is for had one before.
    pub deduplicated: bool,
    /// When it will be sent, if later.
    pub scheduled_for: Option<Timestamp>,
    /// Who was connected and told.
    pub reached: Reached,
    /// Whether it was asked for before, with the same idempotency key, and nothing was done now.
    pub replayed: bool,
}

/// Whether what users want gathered waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gather {
    /// It does, from now on.
    Now,
    /// It does, and was waited for before.
    Planned,
    /// It has waited.
    No,
}

impl Tidings {
    /// Notifies whom a back end asks to: now, or at the moment it says.
    ///
    /// # Errors
    /// `invalid_request` for moments that are past or contradict each other, `not_found` for a room that no rule knows, `conflict` for a key of another
    /// request, `unavailable` when the store is: then nobody was notified.
    pub async fn notify(&self, ask: Ask, once: Option<Once>) -> Result<Sent, Fault> {
        let now = self.clock.now();
        if let Audience::Members(room) = &ask.to {
            self.known(room.clone(), "to.room")?;
        }
        check_moments(&ask, now)?;
        match ask.send_at.is_some() || ask.repeat.is_some() {
            true => self.plan(ask, once, now).await,
            false => self.send_as(EntryId::new(now), now, &ask, once, Gather::Now).await,
        }
    }

    /// Sends what was planned. Sent twice with the same id, it is there once.
    pub(super) async fn send_due(&self, id: EntryId, due_at: Timestamp, ask: &Ask) -> Result<Sent, Fault> {
        self.send_as(id, due_at, ask, None, Gather::Planned).await
    }

    /// Sends a notification now, whatever is gathered: what has waited already, and what goes with something else.
    ///
    /// # Errors
    /// As [`Self::notify`].
    pub(in crate::tidings) async fn send(
        &self,
        id: EntryId,
        created_at: Timestamp,
        ask: &Ask,
        once: Option<Once>,
    ) -> Result<Sent, Fault> {
        self.send_as(id, created_at, ask, once, Gather::No).await
    }

    /// Sends what was gathered.
    pub(super) async fn send_digest(
        &self,
        notification: Notification,
        user: &UserId,
        receipts: bool,
    ) -> Result<Sent, Fault> {
        self.begin_inboxes().await;
        let told_as = receipts.then_some(notification.id);
        if let Some(id) = told_as {
            self.begin_receipts(vec![Self::tracked_notification(id, notification.created_at)]).await?;
        }
        if let Some(expires_at) = notification.expires_at {
            self.desk.note_due(expires_at);
        }
        self.send_to_users(notification, std::slice::from_ref(user), told_as, None, None).await
    }

    /// Sends a notification now; `created_at` is when its id was made.
    ///
    /// # Errors
    /// As [`Self::notify`].
    async fn send_as(
        &self,
        id: EntryId,
        created_at: Timestamp,
        ask: &Ask,
        once: Option<Once>,
        gather: Gather,
    ) -> Result<Sent, Fault> {
        self.begin_inboxes().await;
        let notification = ask.notification(id, created_at);
        if ask.receipts {
            self.begin_receipts(vec![Self::tracked_notification(id, created_at)]).await?;
        }
        let told_as = ask.receipts.then_some(id);
        let sent = match &ask.to {
            Audience::Users(users) => {
                let gather = match gather {
                    Gather::No => None,
                    gather => Some((ask, gather)),
                };
                self.send_to_users(notification, users, told_as, once, gather).await?
            }
            Audience::Members(room) => {
                self.broadcast(notification, RoomKey::Named(room.clone()), told_as, once).await?
            }
            Audience::All(key) => self.broadcast(notification, key.clone(), told_as, once).await?,
        };
        if let Some(expires_at) = ask.expires_at {
            self.desk.note_due(expires_at);
        }
        Ok(sent)
    }

    async fn send_to_users(
        &self,
        notification: Notification,
        users: &[UserId],
        told_as: Option<EntryId>,
        once: Option<Once>,
        gather: Option<(&Ask, Gather)>,
    ) -> Result<Sent, Fault> {
        let now = self.clock.now();
        let data = told(&notification, None)?;
        let rules = self.rules_of_all(users).await?;
        let (mut to, mut waits_until) = (Vec::with_capacity(users.len()), Vec::with_capacity(users.len()));
        for (user, rules) in users.iter().zip(rules) {
            let audience = RoomKey::Personal(user.clone());
            let waits = gather.and_then(|(ask, gather)| {
                let (by, until) = rules.digest(&notification, ask.request.digest_key.as_deref())?;
                let may_be_called_off = gather == Gather::Now;
                let to_wait = ToWait { notification: &notification, ask, may_be_called_off };
                Some(to_wait.plan(user, &by, until).map(|plan| (plan, until)))
            });
            let (later, until) = waits.transpose()?.unzip();
            let is_told = later.is_none() && !rules.silence(&notification, None, now);
            let entry = is_told.then(|| new_notification(&audience, told_as, data.clone(), now));
            let keep = self.kinds.keep(&audience);
            let tell = entry.transpose()?.into_iter().map(|entry| (entry, keep)).collect();
            to.push(Addressed { audience, tell, later });
            waits_until.push(until);
        }
        let watch = self.watch(to.iter().map(|addressed| &addressed.audience));
        let id = notification.id;
        let notified = self.store.notify(notification, to, once, now).await.map_err(unavailable)?;
        let _coming = watch.answered();
        waits_until.iter().flatten().for_each(|until| self.desk.note_due(*until));
        let outcomes = match notified {
            Notified::Before(ids) => return Ok(replayed(ids.first().copied().unwrap_or(id))),
            Notified::New(outcomes) => outcomes,
        };
        let (mut reached, mut known, mut stirred) = (Reached::default(), None, Vec::new());
        let mut is_new = false;
        for ((user, until), outcome) in users.iter().zip(&waits_until).zip(outcomes) {
            match outcome {
                Outcome::Known(other) => known = known.or(Some(other)),
                Outcome::Kept(entries) => {
                    is_new = true;
                    for entry in entries {
                        let here = self.hand_out(entry, !self.store.commits_together());
                        reached.users += here.users;
                        reached.connections += here.connections;
                    }
                    if until.is_none() {
                        stirred.push(user.clone());
                    }
                }
            }
        }
        self.tell_counts_of(stirred).await;
        let id = if is_new { id } else { known.unwrap_or(id) };
        let all_wait = waits_until.iter().all(Option::is_some);
        let scheduled_for = waits_until.into_iter().flatten().min().filter(|_| all_wait);
        Ok(Sent { id, deduplicated: !is_new, scheduled_for, reached, replayed: false })
    }

    async fn broadcast(
        &self,
        notification: Notification,
        audience: RoomKey,
        told_as: Option<EntryId>,
        once: Option<Once>,
    ) -> Result<Sent, Fault> {
        let now = self.clock.now();
        let id = notification.id;
        let to = vec![Addressed { audience: audience.clone(), tell: Vec::new(), later: None }];
        let kept = self.store.notify(notification.clone(), to, once, now).await.map_err(unavailable)?;
        match kept {
            Notified::Before(ids) => Ok(replayed(ids.first().copied().unwrap_or(id))),
            Notified::New(outcomes) => {
                if let Some(Outcome::Known(id)) = outcomes.first() {
                    let reached = Reached::default();
                    return Ok(Sent {
                        id: *id,
                        deduplicated: true,
                        scheduled_for: None,
                        reached,
                        replayed: false,
                    });
                }
                let data = told(&notification, audience.name())?;
                let entry = Arc::new(new_notification(&audience, told_as, data, now)?);
                let reached = self.tell_audience(&audience, &entry, Some(&notification)).await;
                Ok(Sent { id, deduplicated: false, scheduled_for: None, reached, replayed: false })
            }
        }
    }

    /// How each of these users wants to be told.
    async fn rules_of_all(&self, users: &[UserId]) -> Result<Vec<Rules>, Fault> {
        let ask = |user: &UserId| self.store.preferences(user.clone());
        let read = stream::iter(users.iter().map(ask)).buffered(READS);
        let preferences: Vec<Option<Preferences>> = read.try_collect().await.map_err(unavailable)?;
        Ok(preferences.iter().map(|kept| super::preferences::rules_of(kept.as_ref())).collect())
    }
}

/// Moments must lie ahead, one behind the other.
fn check_moments(ask: &Ask, now: Timestamp) -> Result<(), Fault> {
    let past = |path: &str| Err(Fault::invalid(path, "expected a time that is not past"));
    if ask.send_at.is_some_and(|at| at <= now) {
        return past("send_at");
    }
    if ask.expires_at.is_some_and(|at| at <= now) {
        return past("expires_at");
    }
    let begins = ask.send_at.unwrap_or(now);
    if ask.expires_at.is_some_and(|at| at <= begins) {
        return Err(Fault::invalid("expires_at", "expected a time after send_at"));
    }
    let until = ask.request.repeat.as_ref().and_then(|repeat| repeat.until);
    if until.is_some_and(|until| until <= begins) {
        return Err(Fault::invalid("repeat.until", "expected a time after the first one is sent"));
    }
    Ok(())
}

fn replayed(id: EntryId) -> Sent {
    Sent { id, deduplicated: false, scheduled_for: None, reached: Reached::default(), replayed: true }
}

fn told(notification: &Notification, room: Option<&RoomName>) -> Result<Json, Fault> {
    json(&NewNotification { notification: shown::fresh(notification, room) })
}

/// The entry that tells a notification. Where it is kept on what that came, it has the notification's id.
fn new_notification(
    room: &RoomKey,
    told_as: Option<EntryId>,
    data: Json,
    now: Timestamp,
) -> Result<Entry, Fault> {
    let id = told_as.unwrap_or_else(|| EntryId::new(now));
    entry_of(id, room, "new_notification", data, now)
}

/// The JSON of one of the server's own types.
///
/// # Errors
/// `internal`, which none of them causes.
pub(in crate::tidings) fn json(value: &impl serde::Serialize) -> Result<Json, Fault> {
    let broken = |_| Fault::new(tidings_protocol::ErrorCode::Internal, "it cannot be written");
    Json::of(value).map_err(broken)
}

/// An entry of the server's own.
///
/// # Errors
/// `internal` for a type that is no type.
pub(in crate::tidings) fn own_entry(
    room: &RoomKey,
    r#type: &str,
    data: Json,
    now: Timestamp,
) -> Result<Entry, Fault> {
    entry_of(EntryId::new(now), room, r#type, data, now)
}

fn entry_of(id: EntryId, room: &RoomKey, r#type: &str, data: Json, now: Timestamp) -> Result<Entry, Fault> {
    let no_type = |_| Fault::new(tidings_protocol::ErrorCode::Internal, "it cannot be told");
    let r#type = EventType::parse(r#type).map_err(no_type)?;
    let publication = Publication { r#type, data, from: None, except: None };
    Ok(Entry::new(room.clone(), publication, id, now, None))
}
