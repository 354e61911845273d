//! What time does, written down, and what is too old.

use std::collections::BTreeMap;

use rusqlite::params;
use tidings_core::store::inbox::{KeepSince, Stir, Stirred, first_id_of};
use tidings_protocol::{Timestamp, UserId};

use super::{
    broadcasts,
    items::{self, STATED, Stated},
    standing::Standing,
    values as own,
};
use crate::{error::Work, ledger::Ledger, values};

pub(super) fn settle(ledger: &mut Ledger, now: Timestamp, limit: usize) -> Work<Stir> {
    let due = "due_at <= ?1 ORDER BY due_at LIMIT ?2";
    let due = find(ledger, due, &[&values::millis(now), &values::rows(limit)])?;
    let mut left = limit.saturating_sub(due.values().map(Vec::len).sum());
    let mut stir = Stir::default();
    for (user, due) in due {
        let Some(mut standing) = Standing::find(ledger.connection(), &user)? else { continue };
        let mut stirred = Stirred { user, woken: Vec::new(), gone: Vec::new() };
        for item in due {
            standing.revision += values::number(item.state.due(item.expires_at, now));
            standing.unread -= i64::from(item.is_counted());
            if item.is_expired(now) {
                items::delete(ledger, &stirred.user, item.id)?;
                stirred.gone.push(item.id);
                continue;
            }
            let state = item.state.at(now);
            standing.unread += i64::from(item.number.is_none() && state.counts());
            items::restate(ledger, &stirred.user, &item, state.bucket(item.severity()), &state)?;
            stirred.woken.push(item.id);
        }
        standing.keep(ledger, &stirred.user)?;
        stir.users.push(stirred);
    }
    let expired = "expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
    drop_broadcasts(ledger, expired, &values::millis(now), &mut left, &mut stir)?;
    Ok(stir)
}

pub(super) fn drop_old(ledger: &mut Ledger, keep: KeepSince, limit: usize) -> Work<Stir> {
    let (read, unread) = (first_id_of(keep.read).bytes(), first_id_of(keep.unread).bytes());
    // Bits 4 and 8 of the bucket: read, archived.
    let old = "number IS NULL AND id < max(?1, ?2) AND id < iif(bucket & 12, ?1, ?2) ORDER BY id LIMIT ?3";
    let old = find(ledger, old, &[&read, &unread, &values::rows(limit)])?;
    let mut left = limit.saturating_sub(old.values().map(Vec::len).sum());
    let mut stir = Stir::default();
    for (user, old) in old {
        let Some(mut standing) = Standing::find(ledger.connection(), &user)? else { continue };
        for item in &old {
            items::delete(ledger, &user, item.id)?;
            standing.unread -= i64::from(item.is_counted());
            // More than time can have added to it by this item.
            standing.revision += 3;
        }
        standing.keep(ledger, &user)?;
        let gone = old.into_iter().map(|item| item.id).collect();
        stir.users.push(Stirred { user, woken: Vec::new(), gone });
    }
    drop_broadcasts(ledger, "id < ?1 ORDER BY id LIMIT ?2", &read.min(unread), &mut left, &mut stir)?;
    Ok(stir)
}

/// Items of all users that a condition finds, by their users.
fn find(
    ledger: &Ledger,
    condition: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> Work<BTreeMap<UserId, Vec<Stated>>> {
    let sql = format!("SELECT {STATED}, user FROM items WHERE {condition}");
    let mut find = ledger.connection().prepare_cached(&sql)?;
    let mut rows = find.query(parameters)?;
    let mut found: BTreeMap<UserId, Vec<Stated>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let user: String = row.get(10)?;
        let item = Stated::read(&user, row)?;
        found.entry(values::user(&user)?).or_default().push(item);
    }
    Ok(found)
}

fn drop_broadcasts(
    ledger: &Ledger,
    condition: &str,
    parameter: &dyn rusqlite::ToSql,
    left: &mut usize,
    stir: &mut Stir,
) -> Work<()> {
    let sql = format!("SELECT number, audience, id FROM broadcasts WHERE {condition}");
    let mut old = Vec::new();
    {
        let mut find = ledger.connection().prepare_cached(&sql)?;
        let mut rows = find.query(params![parameter, values::rows(*left)])?;
        while let Some(row) = rows.next()? {
            old.push((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, own::id(row, 2)?));
        }
    }
    for (number, audience, id) in old {
        broadcasts::remove(ledger, number)?;
        stir.broadcasts.push((values::room(&audience)?, id));
        *left = left.saturating_sub(1);
    }
    stir.more = *left == 0;
    Ok(())
}
