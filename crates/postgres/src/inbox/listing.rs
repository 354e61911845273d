//! Pages of an inbox: the newest of a few stretches that are sorted already.

use std::sync::Arc;

use tidings_core::store::inbox::{Category, Filter, Item, PAGE_MAX, Reader, Severity};
use tidings_protocol::{EntryId, Timestamp, UserId};

use super::{
    look,
    rows::{self as own, ITEM},
    standing::{AUDIENCE, SEEN_BY_USER, STANDING, Standing, given_audiences},
};
use crate::{
    failure::Failure,
    pool::Pool,
    rows::get,
    work::{bytes, flag, int, limit as bounded, number, numbers, text, texts},
};

/// What a page is asked for.
pub(super) struct Asked<'a> {
    pub(super) filter: &'a Filter,
    pub(super) before: Option<EntryId>,
    pub(super) limit: usize,
    pub(super) now: Timestamp,
}

/// `$3` now, `$4` before, `$5` buckets, `$6` limit, `$7` category, `$8` severities of broadcasts without an item, `$9` whether these
/// must be unread. First items of each bucket, then what time has changed, then broadcasts without an item.
fn sql(has_category: bool) -> String {
    let category = |of: &str| match has_category {
        true => format!("AND {of}.category = $7"),
        false => "AND $7::text IS NULL".to_owned(),
    };
    let (of_item, of_broadcast) = (category("i"), category("b"));
    format!(
        "WITH box AS MATERIALIZED (SELECT * FROM tidings_inboxes WHERE user_id = $1), {AUDIENCE},
         page AS MATERIALIZED (
             SELECT * FROM (
                 SELECT stretch.* FROM unnest($5::bigint[]) AS wanted(bucket) CROSS JOIN LATERAL (
                     SELECT i.id, NULL::bigint AS number FROM tidings_items i
                     WHERE i.user_id = $1 AND i.bucket = wanted.bucket AND i.id < $4 AND (i.due_at IS NULL OR i.due_at > $3)
                       {of_item} AND (i.number IS NULL OR {SEEN_BY_USER})
                     ORDER BY i.id DESC LIMIT $6) stretch
                 UNION ALL
                 SELECT i.id, NULL FROM tidings_items i
                 WHERE i.user_id = $1 AND i.due_at <= $3 AND i.id < $4 {of_item}
                   AND i.bucket - coalesce(i.snoozed_until <= $3, false)::int * 16 = ANY($5)
                   AND (i.expires_at IS NULL OR i.expires_at > $3) AND (i.number IS NULL OR {SEEN_BY_USER})
                 UNION ALL
                 SELECT stretch.* FROM box CROSS JOIN audience a CROSS JOIN unnest($8::bigint[]) AS wanted(severity) CROSS JOIN LATERAL (
                     SELECT b.id, b.number FROM tidings_broadcasts b
                     WHERE b.audience = a.key AND b.severity = wanted.severity AND b.id < $4 AND b.number > box.since
                       AND b.created_at >= a.since AND (b.expires_at IS NULL OR b.expires_at > $3) {of_broadcast}
                       AND ($9::boolean IS NULL OR $9 = (b.number > box.read_up_to))
                       AND NOT EXISTS (SELECT FROM tidings_items i WHERE i.user_id = $1 AND i.id = b.id)
                     ORDER BY b.id DESC LIMIT $6) stretch
             ) found ORDER BY id DESC LIMIT $6
         )
         SELECT {STANDING}, page.number AS untouched, page.id AS found, {ITEM}
         FROM box LEFT JOIN page ON true
         LEFT JOIN tidings_items i ON page.number IS NULL AND i.user_id = $1 AND i.id = page.id
         LEFT JOIN tidings_broadcasts b ON b.number = coalesce(page.number, i.number)
         ORDER BY page.id DESC"
    )
}

/// None for an inbox that is not known.
pub(super) async fn page(
    pool: &Arc<Pool>,
    reader: &Reader,
    asked: &Asked<'_>,
) -> Result<Option<Vec<Item>>, Failure> {
    let Filter { unread, archived, snoozed, category, severity } = asked.filter;
    let category = category.as_ref().map(Category::as_str);
    let (user, audiences) = (reader.user.as_str(), given_audiences(reader));
    let now = int(asked.now.millis());
    let before = asked.before.map_or_else(|| vec![u8::MAX; 17], |id| id.bytes().to_vec());
    let buckets: Vec<i64> = asked.filter.buckets().into_iter().map(i64::from).collect();
    let limit = bounded(asked.limit.min(PAGE_MAX));
    // What has no item is neither archived nor snoozed.
    let has_untouched = *archived != Some(true) && *snoozed != Some(true);
    let severities: Vec<i64> = Severity::ALL
        .into_iter()
        .filter(|it| has_untouched && severity.is_none_or(|wanted| wanted == *it))
        .map(|it| it as i64)
        .collect();
    let params = [
        text(&user),
        texts(&audiences),
        number(&now),
        bytes(&before),
        numbers(&buckets),
        number(&limit),
        text(&category),
        numbers(&severities),
        flag(unread),
    ];
    let rows = look(pool, &sql(category.is_some()), &params).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let standing = Standing::of(first)?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        if get::<Option<Vec<u8>>>(row, "found")?.is_none() {
            continue;
        }
        let state = match get::<Option<i64>>(row, "untouched")? {
            Some(number) => standing.default_state(number),
            None => own::state(row)?.at(asked.now),
        };
        items.push(own::item(row, &reader.user, state)?);
    }
    Ok(Some(items))
}

/// One notification, if it is in the inbox; none at all for an inbox that is not known.
pub(super) async fn one(
    pool: &Arc<Pool>,
    reader: &Reader,
    id: EntryId,
    now: Timestamp,
) -> Result<Option<Option<Item>>, Failure> {
    let sql = format!(
        "WITH {AUDIENCE}
         SELECT {STANDING}, b.number, i.number AS touched, i.id IS NULL AND b.id IS NULL AS is_none,
                i.id IS NULL AS is_untouched, {ITEM},
                b.id IS NULL OR EXISTS (SELECT FROM audience a WHERE a.key = b.audience AND a.since <= b.created_at) AS is_seen
         FROM tidings_inboxes box
         LEFT JOIN tidings_items i ON i.user_id = $1 AND i.id = $3
         LEFT JOIN tidings_broadcasts b ON b.id = $3 AND b.number > box.since AND (i.id IS NULL OR i.number = b.number)
         WHERE box.user_id = $1 AND coalesce(i.bucket, 0) < 32"
    );
    let (audiences, key) = (given_audiences(reader), id.bytes().to_vec());
    let rows = look(pool, &sql, &[text(&reader.user.as_str()), texts(&audiences), bytes(&key)]).await?;
    let Some(row) = rows.first() else {
        // Either nobody knows the inbox, or the user deleted the broadcast.
        let known = "SELECT FROM tidings_inboxes WHERE user_id = $1";
        let known = look(pool, known, &[text(&reader.user.as_str())]).await?;
        return Ok((!known.is_empty()).then_some(None));
    };
    let is_orphan =
        get::<Option<i64>>(row, "touched")?.is_some() && get::<Option<i64>>(row, "number")?.is_none();
    if get::<bool>(row, "is_none")? || !get::<bool>(row, "is_seen")? || is_orphan {
        return Ok(Some(None));
    }
    let state = match get::<bool>(row, "is_untouched")? {
        true => Standing::of(row)?.default_state(get(row, "number")?),
        false => own::state(row)?.at(now),
    };
    let item = own::item(row, &reader.user, state)?;
    Ok(Some((!item.notification.is_expired(now)).then_some(item)))
}

/// All that is kept for one user alone.
pub(super) async fn all_of(
    pool: &Arc<Pool>,
    user: &UserId,
    after: Option<EntryId>,
    limit: usize,
) -> Result<Vec<Item>, Failure> {
    let sql = format!(
        "SELECT {ITEM} FROM tidings_items i LEFT JOIN tidings_broadcasts b ON b.number = i.number
         WHERE i.user_id = $1 AND i.id > $2 AND i.bucket < 32 AND (i.number IS NULL OR b.number IS NOT NULL) ORDER BY i.id LIMIT $3"
    );
    let after = after.map_or_else(Vec::new, |id| id.bytes().to_vec());
    let limit = bounded(limit);
    let rows = look(pool, &sql, &[text(&user.as_str()), bytes(&after), number(&limit)]).await?;
    rows.iter().map(|row| own::item(row, user, own::state(row)?)).collect()
}
