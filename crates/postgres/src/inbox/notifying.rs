//! Notifications come in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use tidings_core::{
    Entry, RoomKey, StoreError,
    store::{
        Appended, Once,
        inbox::{Addressed, Category, Notification, Notified, Outcome, State},
    },
};
use tidings_protocol::{EntryId, Offset, Timestamp, UserId};
use tidings_settings::Keep;

use super::{
    Races, broadcasts, placed, plans,
    rows::{self as own, moment},
};
use crate::{
    append::{self, keys},
    failure::Failure,
    pool::Pool,
    rows::get,
    work::{QUICK, Work, byte_strings, bytes, int, number, numbers, text, texts},
};

/// What is to be done.
pub(super) struct Asked {
    pub(super) notification: Notification,
    pub(super) to: Vec<Addressed>,
    pub(super) once: Option<Once>,
    pub(super) now: Timestamp,
}

enum Done {
    Before(Vec<EntryId>),
    /// For each audience the one that is there already; and the offsets of the entries of all others.
    New(Vec<Option<EntryId>>, Vec<Offset>),
}

pub(super) async fn notify(pool: &Arc<Pool>, asked: Asked) -> Result<Notified, StoreError> {
    let mut races = Races::default();
    let done = loop {
        let work = Work::begin(pool, QUICK).await?;
        let done = within(&work, &asked).await;
        if let Some(done) = races.ended(work, done).await {
            break done??;
        }
    };
    match done {
        Done::Before(ids) => Ok(Notified::Before(ids)),
        Done::New(known, offsets) => {
            let mut offsets = offsets.into_iter();
            let outcome = |(to, known): (Addressed, Option<EntryId>)| match known {
                Some(id) => Outcome::Known(id),
                None => {
                    let count = if to.later.is_none() { to.tell.len() } else { 0 };
                    Outcome::Kept(placed(to.tell, offsets.by_ref().take(count).collect()))
                }
            };
            Ok(Notified::New(asked.to.into_iter().zip(known).map(outcome).collect()))
        }
    }
}

async fn within(work: &Work, asked: &Asked) -> Result<Result<Done, StoreError>, Failure> {
    if let Some(once) = &asked.once {
        let rows = work.query(keys::LOOK_UP, &[texts(&vec![&*once.key])]).await?;
        match keys::before(&rows, once)? {
            Some(Ok(Appended::Before(places))) => {
                return Ok(Ok(Done::Before(places.into_iter().map(|(id, _)| id).collect())));
            }
            Some(Ok(Appended::New(_))) => return Err(Failure::corrupt("an idempotency key")),
            Some(Err(refused)) => return Ok(Err(refused)),
            None => {}
        }
    }
    let mut known = vec![None; asked.to.len()];
    // The count of broadcasts is locked before any inbox, by everybody.
    let mut named = HashMap::new();
    for (known, to) in known.iter_mut().zip(&asked.to) {
        if let (Some(scheduled), None) = (&to.later, named.get(&to.audience)) {
            plans::put(work, scheduled).await?;
            named.insert(&to.audience, asked.notification.id);
        } else if !matches!(to.audience, RoomKey::Personal(_)) {
            *known = match named.get(&to.audience) {
                Some(id) => Some(*id),
                None => add_broadcast(work, &to.audience, &asked.notification, asked.now).await?,
            };
            named.insert(&to.audience, known.unwrap_or(asked.notification.id));
        }
    }
    let users: Vec<&UserId> = asked
        .to
        .iter()
        .filter_map(|to| match &to.audience {
            RoomKey::Personal(user) if !named.contains_key(&to.audience) => Some(user),
            _ => None,
        })
        .collect();
    if !users.is_empty() {
        let mut had = add_own(work, &users, &asked.notification, asked.now).await?;
        for (known, to) in known.iter_mut().zip(&asked.to) {
            if let (RoomKey::Personal(user), None) = (&to.audience, &to.later) {
                // The second of the same user finds the first.
                *known = had.get(user.as_str()).copied();
                had.entry(user.as_str().to_owned()).or_insert(asked.notification.id);
            }
        }
    }
    let tell = || known.iter().zip(&asked.to).filter(|(known, _)| known.is_none());
    let entries: Vec<&(Entry, Keep)> =
        tell().filter(|(_, to)| to.later.is_none()).flat_map(|(_, to)| &to.tell).collect();
    let offsets = append::within(work, entries.iter().copied()).await?;
    if let Some(once) = &asked.once {
        let mut places = Vec::new();
        for known in &known {
            keys::write_place(&mut places, known.unwrap_or(asked.notification.id), Offset(0));
        }
        let (key, print) = (vec![&*once.key], vec![once.print.to_vec()]);
        let (places, at) = (vec![places], vec![int(once.now.millis())]);
        let params = [texts(&key), byte_strings(&print), byte_strings(&places), numbers(&at)];
        work.execute(keys::USE, &params).await?;
    }
    Ok(Ok(Done::New(known, offsets)))
}

/// Those who have one already, which.
async fn add_own(
    work: &Work,
    users: &[&UserId],
    notification: &Notification,
    now: Timestamp,
) -> Result<HashMap<String, EntryId>, Failure> {
    // In the order of ids, as everybody does it, so that no two servers wait for each other.
    let users: Vec<&str> =
        users.iter().map(|user| user.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let lock = r#"INSERT INTO tidings_inboxes (user_id, since)
        SELECT new.user_id, last FROM unnest($1::text[]) AS new(user_id), tidings_broadcasting ORDER BY new.user_id COLLATE "C"
        ON CONFLICT (user_id) DO UPDATE SET user_id = EXCLUDED.user_id"#;
    work.execute(lock, &[texts(&users)]).await?;
    let (id, key) = (notification.id.bytes().to_vec(), own::dedupe(&notification.content));
    let find = "SELECT i.user_id, i.id, i.expires_at, i.bucket FROM unnest($1::text[]) AS who(user_id)
        CROSS JOIN LATERAL (
            SELECT * FROM tidings_items i WHERE i.user_id = who.user_id AND i.id = $2
            UNION SELECT * FROM tidings_items i WHERE i.user_id = who.user_id AND i.dedupe = $3) i";
    let rows = work.query(find, &[texts(&users), bytes(&id), bytes(&key)]).await?;
    // Of each user: by how much the counter changes when the expired ones go, and the revision.
    let (mut had, mut gone) = (HashMap::new(), BTreeMap::<String, (i64, Vec<Vec<u8>>)>::new());
    for row in &rows {
        let user: String = get(row, "user_id")?;
        if own::time(row, "expires_at")?.is_none_or(|expires_at| expires_at > now) {
            had.insert(user, own::id(row, "id")?);
            continue;
        }
        let (unread, ids) = gone.entry(user).or_default();
        *unread -= i64::from((0..4).contains(&get::<i64>(row, "bucket")?));
        ids.push(get(row, "id")?);
    }
    let fresh: Vec<&str> = users.into_iter().filter(|user| !had.contains_key(*user)).collect();
    let (mut unread, mut revision) = (Vec::new(), Vec::new());
    for user in &fresh {
        let (less, ids) = gone.remove(*user).unwrap_or_default();
        if !ids.is_empty() {
            let sql = "DELETE FROM tidings_items WHERE user_id = $1 AND id = ANY($2)";
            work.execute(sql, &[text(user), byte_strings(&ids)]).await?;
        }
        unread.push(1 + less);
        revision.push(1 + 2 * int(ids.len() as u64));
    }
    insert(work, &fresh, notification).await?;
    let count = "UPDATE tidings_inboxes box SET unread = box.unread + new.unread, revision = box.revision + new.revision
        FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new(user_id, unread, revision) WHERE box.user_id = new.user_id";
    work.execute(count, &[texts(&fresh), numbers(&unread), numbers(&revision)]).await?;
    Ok(had)
}

async fn insert(work: &Work, users: &[&str], notification: &Notification) -> Result<(), Failure> {
    let Notification { id, severity, category, created_at, expires_at, content } = notification;
    let bucket = i64::from(State::default().bucket(*severity));
    let (text_of, key, id) = (own::content(content)?, own::dedupe(content), id.bytes().to_vec());
    let (category, content) = (category.as_ref().map(Category::as_str), text_of.as_str());
    let (created_at, expires_at) = (int(created_at.millis()), moment(*expires_at));
    let sql = "INSERT INTO tidings_items (user_id, id, bucket, category, created_at, expires_at, due_at, dedupe, content)
        SELECT who.user_id, $2, $3, $4, $5, $6, $6, $7, $8 FROM unnest($1::text[]) AS who(user_id)";
    let params = [
        texts(&users),
        bytes(&id),
        number(&bucket),
        text(&category),
        number(&created_at),
        number(&expires_at),
        bytes(&key),
        text(&content),
    ];
    work.execute(sql, &params).await.map(drop)
}

/// None when it was added; else the one that is there.
async fn add_broadcast(
    work: &Work,
    audience: &RoomKey,
    notification: &Notification,
    now: Timestamp,
) -> Result<Option<EntryId>, Failure> {
    broadcasts::lock(work).await?;
    let (audience, id) = (audience.to_string(), notification.id.bytes().to_vec());
    let key = own::dedupe(&notification.content);
    let find = "SELECT number, id, expires_at FROM tidings_broadcasts WHERE id = $1
        UNION SELECT number, id, expires_at FROM tidings_broadcasts WHERE audience = $2 AND dedupe = $3";
    let mut gone = Vec::new();
    for row in work.query(find, &[bytes(&id), text(&audience), bytes(&key)]).await? {
        if own::time(&row, "expires_at")?.is_none_or(|expires_at| expires_at > now) {
            return own::id(&row, "id").map(Some);
        }
        gone.push(get::<i64>(&row, "number")?);
    }
    broadcasts::remove(work, &gone).await?;
    let Notification { severity, category, created_at, expires_at, content, .. } = notification;
    let text_of = own::content(content)?;
    let (category, content) = (category.as_ref().map(Category::as_str), text_of.as_str());
    let (severity, created_at, expires_at) =
        (*severity as i64, int(created_at.millis()), moment(*expires_at));
    let sql = "WITH counts AS (UPDATE tidings_broadcasting SET last = last + 1, changes = changes + 1 RETURNING last)
        INSERT INTO tidings_broadcasts (number, id, audience, severity, category, created_at, expires_at, dedupe, content)
        SELECT last, $1, $2, $3, $4, $5, $6, $7, $8 FROM counts";
    let params = [
        bytes(&id),
        text(&audience),
        number(&severity),
        text(&category),
        number(&created_at),
        number(&expires_at),
        bytes(&key),
        text(&content),
    ];
    match work.execute(sql, &params).await? {
        1 => Ok(None),
        _ => Err(Failure::corrupt("the count of broadcasts")),
    }
}
