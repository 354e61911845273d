//! Broadcasts come one after the other, and go.

use std::sync::Arc;

use tidings_core::RoomKey;
use tidings_protocol::Role;

use crate::{
    failure::Failure,
    pool::Pool,
    rows::{get, room},
    work::{Work, ask, number, numbers, text},
};

/// From here to the transaction's end nobody else adds or removes a broadcast: numbers become visible in their order. Whoever locks
/// inboxes too does so behind this.
pub(super) async fn lock(work: &Work) -> Result<(), Failure> {
    work.query("SELECT FROM tidings_broadcasting FOR UPDATE", &[]).await.map(drop)
}

/// Lets broadcasts go, with all states of them. The count of broadcasts is locked.
pub(super) async fn remove(work: &Work, numbers_of: &[i64]) -> Result<(), Failure> {
    if numbers_of.is_empty() {
        return Ok(());
    }
    // Time may have added to revisions by items that were snoozed.
    let sql = "WITH sleeper AS (
            SELECT user_id, count(*) AS items FROM tidings_items WHERE number = ANY($1) AND snoozed_until IS NOT NULL GROUP BY 1
        ), locked AS MATERIALIZED (
            SELECT user_id FROM tidings_inboxes WHERE user_id IN (SELECT user_id FROM sleeper) ORDER BY user_id FOR UPDATE
        )
        UPDATE tidings_inboxes box SET revision = box.revision + sleeper.items
        FROM sleeper JOIN locked USING (user_id) WHERE box.user_id = sleeper.user_id";
    work.execute(sql, &[numbers(&numbers_of)]).await?;
    work.execute("DELETE FROM tidings_items WHERE number = ANY($1)", &[numbers(&numbers_of)]).await?;
    let gone = work
        .execute("DELETE FROM tidings_broadcasts WHERE number = ANY($1)", &[numbers(&numbers_of)])
        .await?;
    let sql = "UPDATE tidings_broadcasting SET changes = changes + $1";
    work.execute(sql, &[number(&crate::work::int(gone))]).await.map(drop)
}

/// Roles to which something went that is still there.
pub(super) async fn roles(pool: &Arc<Pool>) -> Result<Vec<Role>, Failure> {
    let sql = "SELECT DISTINCT audience FROM tidings_broadcasts WHERE audience >= 'role:' AND audience < 'role;' ORDER BY audience";
    let mut roles = Vec::new();
    for row in &ask(pool, sql, &[]).await? {
        if let RoomKey::Role(role) = room(row, "audience")? {
            roles.push(role);
        }
    }
    Ok(roles)
}

/// A room is gone, and with it what was sent to its members.
pub(crate) async fn forget_room(work: &Work, key: &str) -> Result<(), Failure> {
    let sql = "SELECT number FROM tidings_broadcasts WHERE audience = $1";
    if work.query(sql, &[text(&key)]).await?.is_empty() {
        return Ok(());
    }
    lock(work).await?;
    let rows = work.query(sql, &[text(&key)]).await?;
    let numbers_of = rows.iter().map(|row| get(row, "number")).collect::<Result<Vec<_>, _>>()?;
    remove(work, &numbers_of).await
}
