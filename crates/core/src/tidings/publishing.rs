//! From a publication to entries: whose rooms are meant, what is kept, and who hears it.

use std::sync::Arc;

use tidings_protocol::{
    EntryId, ErrorCode, EventType, Fault, Json, Offset, RoomName, Timestamp, http::Reached,
};
use tidings_settings::Keep;

use super::{Tidings, unavailable};
use crate::{
    Asked, Entry, Identity, Publication, RoomKey, Target,
    access::Act,
    store::{Appended, Once},
};

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The new entry; the first one's where there were several rooms.
    pub id: EntryId,
    /// Its place, where there was one room or user and what goes there is kept.
    pub offset: Option<Offset>,
    /// Who was connected to hear it.
    pub reached: Reached,
    /// Whether it was published before, with the same idempotency key, and not again now.
    pub replayed: bool,
}

impl Tidings {
    /// An entry from a user.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_request` for a type that only the server may use, `unavailable` when the store is.
    pub async fn publish_as(
        &self,
        identity: &Identity,
        room: RoomName,
        event: EventType,
        data: Json,
    ) -> Result<Published, Fault> {
        let publication = self.publication_of(identity, &room, event, data).await?;
        self.publish_in(RoomKey::Named(room), publication).await
    }

    /// Entries from a user that came together, as [`Self::publish_as`] one by one, but what is kept of them in one transaction.
    pub async fn publish_each_as(
        &self,
        identity: &Identity,
        publications: Vec<(RoomName, EventType, Json)>,
    ) -> Vec<Result<Published, Fault>> {
        let mut asked = Vec::with_capacity(publications.len());
        for (room, event, data) in publications {
            asked.push(
                self.publication_of(identity, &room, event, data).await.map(|it| (Target::Room(room), it)),
            );
        }
        let count = asked.len();
        self.publish_all(asked, None).await.unwrap_or_else(|fault| vec![Err(fault); count])
    }

    async fn publication_of(
        &self,
        identity: &Identity,
        room: &RoomName,
        event: EventType,
        data: Json,
    ) -> Result<Publication, Fault> {
        self.may(identity, Act::Publish, room).await?;
        if is_the_servers(&event) {
            return Err(Fault::invalid("event", "this type is the server's own"));
        }
        Ok(Publication { r#type: event, data, from: Some(identity.user.clone()), except: None })
    }

    /// An entry from the back end, to whom it says.
    ///
    /// # Errors
    /// `not_found` for a room that no rule knows, `invalid_request` for the type of an answer, `unavailable` when the store is: then nothing
    /// was published.
    pub async fn publish(&self, target: Target, publication: Publication) -> Result<Published, Fault> {
        refuse_answers(&publication)?;
        match target {
            Target::User(user) => self.publish_in(RoomKey::Personal(user), publication).await,
            Target::Room(room) => self.publish_in(self.known(room, "to.room")?, publication).await,
            target => {
                let mut published = self.publish_all(vec![Ok((target, publication))], None).await?;
                published.pop().unwrap_or_else(|| Err(Fault::invalid("to", "expected at least one")))
            }
        }
    }

    /// Several publications, each to whom it says, in one transaction over all rooms that keep them, with the idempotency key if there
    /// is one. What is wrong with one of them harms only that one; those that come as faults stay so.
    ///
    /// # Errors
    /// `conflict` for a key of another request, `unavailable` when the store is: then nothing was published.
    pub async fn publish_all(
        &self,
        publications: Vec<Result<impl Into<Asked>, Fault>>,
        once: Option<Once>,
    ) -> Result<Vec<Result<Published, Fault>>, Fault> {
        let now = self.clock.now();
        let mut kept = Vec::new();
        let mut plans = Vec::with_capacity(publications.len());
        let mut tracked = Vec::new();
        for asked in publications {
            let plan = asked.and_then(|asked| {
                let Asked { target, publication, receipts } = asked.into();
                refuse_answers(&publication)?;
                let keys = self.rooms_meant(target)?;
                let single = matches!(keys[..], [RoomKey::Named(_) | RoomKey::Personal(_)]);
                let mut plan = Plan { single, kept: 0, transient: Vec::new() };
                // What is asked about by one id has one.
                let shared_id = receipts.then(|| EntryId::new(now));
                tracked.extend(shared_id.map(|id| self.tracked_of(id, &keys, now)));
                for key in keys {
                    let keep = self.kinds.keep(&key);
                    let id = shared_id.unwrap_or_else(|| EntryId::new(now));
                    let entry = Entry::new(key, publication.clone(), id, now, None);
                    match keep {
                        Keep::None => plan.transient.push(Arc::new(entry)),
                        keep => {
                            plan.kept += 1;
                            kept.push((entry, keep));
                        }
                    }
                }
                Ok(plan)
            });
            plans.push(plan);
        }
        self.begin_receipts(tracked).await?;
        let (appended, _coming) = if kept.is_empty() && once.is_none() {
            (Appended::New(Vec::new()), Vec::new())
        } else {
            let watch = self.watch(kept.iter().map(|(entry, _)| &entry.room));
            let appended = self.store.append(kept, once).await.map_err(unavailable)?;
            (appended, watch.answered())
        };
        // What came together leaves together.
        let at_once = plans.len() == 1 && !self.store.commits_together();
        Ok(match appended {
            Appended::New(entries) => {
                let mut entries = entries.into_iter();
                let mut carry_out = |plan| self.carry_out(plan, &mut entries, at_once);
                plans.into_iter().map(|plan| plan.map(&mut carry_out)).collect()
            }
            Appended::Before(places) => {
                let mut places = places.into_iter();
                plans.into_iter().map(|plan| plan.map(|plan| plan.was_done(&mut places, now))).collect()
            }
        })
    }

    fn rooms_meant(&self, target: Target) -> Result<Vec<RoomKey>, Fault> {
        Ok(match target {
            Target::User(user) => vec![RoomKey::Personal(user)],
            Target::Room(room) => vec![self.known(room, "to.room")?],
            Target::Role(role) => vec![RoomKey::Role(role)],
            Target::Everyone => vec![RoomKey::Everyone],
            Target::Users(users) => users.into_iter().map(RoomKey::Personal).collect(),
            Target::Rooms(rooms) => {
                rooms.into_iter().map(|room| self.known(room, "to.rooms")).collect::<Result<_, _>>()?
            }
        })
    }

    /// Hands out what a plan made; of the entries that were kept, the next ones are its own.
    fn carry_out(&self, plan: Plan, kept: &mut impl Iterator<Item = Arc<Entry>>, at_once: bool) -> Published {
        let entries: Vec<Arc<Entry>> = plan.transient.into_iter().chain(kept.take(plan.kept)).collect();
        let first = entries.first().map(|entry| (entry.id, entry.offset));
        let (id, offset) = first.unwrap_or_else(|| (EntryId::new(self.clock.now()), None));
        let mut reached = Reached::default();
        for entry in entries {
            let here = self.hand_out(entry, at_once);
            reached.users += here.users;
            reached.connections += here.connections;
        }
        Published { id, offset: offset.filter(|_| plan.single), reached, replayed: false }
    }

    pub(super) fn known(&self, room: RoomName, path: &str) -> Result<RoomKey, Fault> {
        if self.kinds.of(&room).is_none() {
            let fault = Fault::new(ErrorCode::NotFound, "no rule of [[rooms]] matches this name");
            return Err(Fault { path: Some(path.into()), ..fault });
        }
        Ok(RoomKey::Named(room))
    }

    async fn publish_in(&self, key: RoomKey, publication: Publication) -> Result<Published, Fault> {
        let now = self.clock.now();
        let keep = self.kinds.keep(&key);
        let entry = Entry::new(key, publication, EntryId::new(now), now, None);
        let (entry, _coming) = match keep {
            Keep::None => (Arc::new(entry), Vec::new()),
            keep => {
                let watch = self.watch(std::iter::once(&entry.room));
                let entry = self.store.append_one(entry, keep).await.map_err(unavailable)?;
                (entry, watch.answered())
            }
        };
        let (id, offset) = (entry.id, entry.offset);
        // What was committed together leaves together.
        let at_once = offset.is_none() || !self.store.commits_together();
        Ok(Published { id, offset, reached: self.hand_out(entry, at_once), replayed: false })
    }

    pub(super) fn hand_out(&self, entry: Arc<Entry>, at_once: bool) -> Reached {
        self.hub.metrics.entries.inc();
        self.hub.deliver(entry, at_once)
    }
}

/// What one publication comes to.
struct Plan {
    /// Whether there is one room.
    single: bool,
    /// How many entries are kept.
    kept: usize,
    /// Those that are not.
    transient: Vec<Arc<Entry>>,
}

impl Plan {
    /// What it came to when it was done before; of the places that were kept then, the next ones are its own.
    fn was_done(self, places: &mut impl Iterator<Item = (EntryId, Offset)>, now: Timestamp) -> Published {
        let first = places.take(self.kept).fold(None, |first, place| first.or(Some(place)));
        let (id, offset) = first.unzip();
        let id = id.unwrap_or_else(|| EntryId::new(now));
        Published { id, offset: offset.filter(|_| self.single), reached: Reached::default(), replayed: true }
    }
}

fn refuse_answers(publication: &Publication) -> Result<(), Fault> {
    match is_an_answer(&publication.r#type) {
        true => Err(Fault::invalid("type", "this type is that of an answer of the server")),
        false => Ok(()),
    }
}

/// Types that only answers of the server to a client have: entries of them would be mistaken for answers.
fn is_an_answer(event: &EventType) -> bool {
    const ANSWERS: &[&str] = &[
        "connection_established",
        "authenticated",
        "pong",
        "joined_room",
        "left_room",
        "published",
        "presence_state",
        "history",
        "unread_notifications",
        "messages",
        "unread_rooms",
        "resumed",
        "error",
        "goodbye",
    ];
    ANSWERS.contains(&event.as_str())
}

/// Types that clients could mistake for the server's word: a back end may send what the server itself says of people, users may not.
fn is_the_servers(event: &EventType) -> bool {
    const OWN: &[&str] = &[
        "presence_update",
        "member_joined",
        "member_left",
        "member_count",
        "typing_indicator",
        "new_notification",
        "notification_updated",
        "unread_count",
        "chat_message",
        "message_edited",
        "message_deleted",
        "reaction_added",
        "reaction_removed",
        "room_read",
        "message_pinned",
        "message_unpinned",
        "room_unread",
    ];
    is_an_answer(event) || OWN.contains(&event.as_str())
}
