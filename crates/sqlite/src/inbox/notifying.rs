//! Notifications come in.

use std::collections::HashMap;

use rusqlite::params;
use tidings_core::{
    Entry, RoomKey,
    store::{
        Once,
        inbox::{Addressed, Notification, State},
    },
};
use tidings_protocol::{EntryId, Offset, Timestamp, UserId};

use super::{broadcasts, items, plans, standing::Standing, values as own};
use crate::{entries, error::Work, keys, ledger::Ledger};

/// What is to be done.
pub(super) struct Asked {
    pub(super) notification: Notification,
    pub(super) to: Vec<Addressed>,
    pub(super) once: Option<Once>,
    pub(super) now: Timestamp,
}

/// What was done, inside the transaction.
pub(super) enum Done {
    New(Vec<Added>),
    Before(Vec<EntryId>),
}

/// For one audience.
pub(super) enum Added {
    /// With the offsets of the entries that tell it.
    New(Vec<Offset>),
    Known(EntryId),
}

pub(super) fn notify(ledger: &mut Ledger, asked: &Asked) -> Work<Done> {
    if let Some(once) = &asked.once
        && let Some(before) = keys::used(ledger, once)?
    {
        return Ok(Done::Before(before.into_iter().map(|(id, _)| id).collect()));
    }
    let mut added = Vec::with_capacity(asked.to.len());
    let mut named = HashMap::new();
    for Addressed { audience, tell, later } in &asked.to {
        if let (Some(scheduled), None) = (later, named.get(audience)) {
            plans::schedule(ledger, scheduled)?;
            named.insert(audience, asked.notification.id);
            added.push(Added::New(Vec::new()));
            continue;
        }
        let known = match (named.get(audience), audience) {
            (Some(id), _) => Some(*id),
            (None, RoomKey::Personal(user)) => add_own(ledger, user, &asked.notification, asked.now)?,
            (None, _) => add_broadcast(ledger, audience, &asked.notification, asked.now)?,
        };
        named.insert(audience, known.unwrap_or(asked.notification.id));
        added.push(match known {
            Some(id) => Added::Known(id),
            None => Added::New(append(ledger, tell)?),
        });
    }
    if let Some(once) = &asked.once {
        let ids = added.iter().map(|added| match added {
            Added::Known(id) => (*id, Offset(0)),
            Added::New(_) => (asked.notification.id, Offset(0)),
        });
        keys::keep(ledger, once, ids)?;
    }
    Ok(Done::New(added))
}

pub(super) fn append(ledger: &mut Ledger, tell: &[(Entry, tidings_settings::Keep)]) -> Work<Vec<Offset>> {
    tell.iter().map(|(entry, keep)| entries::append(ledger, entry, *keep)).collect()
}

/// None when it was added; else the one that is there.
fn add_own(
    ledger: &Ledger,
    user: &UserId,
    notification: &Notification,
    now: Timestamp,
) -> Work<Option<EntryId>> {
    let mut standing = Standing::know(ledger, user)?;
    let connection = ledger.connection();
    let mut known = items::find(connection, "id = ?2", user, &[&notification.id.bytes()])?;
    if let Some(key) = own::dedupe(&notification.content) {
        known.extend(items::find(connection, "dedupe = ?2", user, &[&key])?);
    }
    if let Some(known) = known.iter().find(|known| !known.is_expired(now)) {
        return Ok(Some(known.id));
    }
    for gone in known {
        items::delete(ledger, user, gone.id)?;
        standing.unread -= i64::from(gone.is_counted());
        standing.revision += 2;
    }
    let state = State::default();
    let bucket = state.bucket(notification.severity);
    items::insert(ledger, user, notification, None, bucket, &state)?;
    standing.unread += 1;
    standing.revision += 1;
    standing.keep(ledger, user)?;
    Ok(None)
}

fn add_broadcast(
    ledger: &Ledger,
    audience: &RoomKey,
    notification: &Notification,
    now: Timestamp,
) -> Work<Option<EntryId>> {
    let find = "SELECT number, id, expires_at FROM broadcasts WHERE id = ?1
        UNION SELECT number, id, expires_at FROM broadcasts WHERE audience = ?2 AND dedupe = ?3";
    let key = own::dedupe(&notification.content);
    let mut gone = Vec::new();
    {
        let mut find = ledger.connection().prepare_cached(find)?;
        let mut rows = find.query(params![notification.id.bytes(), audience.to_string(), key])?;
        while let Some(row) = rows.next()? {
            if own::time(row, 2)?.is_none_or(|expires_at| expires_at > now) {
                return Ok(Some(own::id(row, 1)?));
            }
            gone.push(row.get::<_, i64>(0)?);
        }
    }
    for number in gone {
        broadcasts::remove(ledger, number)?;
    }
    broadcasts::insert(ledger, audience, notification)?;
    Ok(None)
}
