//! Notifications that wait for others of their kind, and come as one.
//!
//! Each waits as a plan of its own, due at the end of its window. What comes of a group is written down in the plan of its first before any of
//! the others is let go, and sent under an id that is made of that one's: wherever the process ends, each comes once.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tidings_protocol::{
    EntryId, Fault, Timestamp, UserId,
    http::{NotifyRequest, TargetFields},
    notification::{DigestItem, Digested},
};

use super::{
    Ask,
    scheduling::{Carried, Plan, back, id_at, plan_of},
    sending::json,
};
use crate::{
    StoreError, Tidings,
    store::inbox::{Category, Content, Notification, Scheduled, Severity},
};

/// Items that a digest lists.
const ITEMS_MAX: usize = 50;
/// Bytes of them that it lists, about.
const BYTES_MAX: usize = 48 << 10;

/// What waits.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// What it is gathered by; all of a user's with the same, and the same end, are one.
    by: String,
    /// The notification, as the back end was told.
    id: EntryId,
}

/// What was gathered, ready to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Ready {
    /// The plans that are in it.
    of: Vec<EntryId>,
    title: String,
    severity: String,
    category: Option<String>,
    expires_at: Option<Timestamp>,
    receipts: bool,
    digest: Digested,
}

/// Which one waits for a digest, and how it was asked for.
pub(super) struct ToWait<'a> {
    pub(super) notification: &'a Notification,
    pub(super) ask: &'a Ask,
    /// Whether it can be called off by its id: not when it was planned itself, and is no more once it was sent.
    pub(super) may_be_called_off: bool,
}

/// One of a group.
struct Member {
    scheduled: Scheduled,
    plan: Plan,
    waiting: Waiting,
}

impl ToWait<'_> {
    /// What is kept of it for a user until the window ends.
    ///
    /// # Errors
    /// `internal`, which nothing causes.
    pub(super) fn plan(&self, user: &UserId, by: &str, until: Timestamp) -> Result<Scheduled, Fault> {
        let id = self.notification.id;
        let request = NotifyRequest {
            to: TargetFields { user: Some(user.clone()), ..TargetFields::default() },
            send_at: None,
            repeat: None,
            expires_at: self.notification.expires_at,
            ..(*self.ask.request).clone()
        };
        let digest = Some(Waiting { by: by.to_owned(), id });
        let plan = Plan { request, first: self.notification.created_at, digest, ready: None };
        let part_of = self.may_be_called_off.then_some(id);
        let data = json(&plan)?;
        Ok(Scheduled { id: part_id(id, user, until), due_at: until, user: Some(user.clone()), part_of, data })
    }
}

/// The id of what is planned for one of several users.
pub(super) fn part_id(whole: EntryId, user: &UserId, time: Timestamp) -> EntryId {
    let hash = Sha256::new().chain_update(whole.bytes()).chain_update(user.as_str()).finalize();
    id_at(time, &hash)
}

impl Tidings {
    /// Sends what waited with this one, which is due.
    ///
    /// # Errors
    /// Those of the store: then it is due again when its lease is over.
    pub(super) async fn send_gathered(
        &self,
        due: Scheduled,
        waiting: Waiting,
    ) -> Result<Carried, StoreError> {
        let Some(user) = due.user.clone() else {
            self.store.finish_scheduled(due.id).await?;
            return Ok(Carried::Dropped);
        };
        let all = self.store.scheduled_of(user.clone()).await?;
        let member = |scheduled: Scheduled| {
            let plan = plan_of(&scheduled.data)?;
            let waiting = plan.digest.clone()?;
            Some(Member { scheduled, plan, waiting })
        };
        let is_with = |it: &Member| it.waiting.by == waiting.by && it.scheduled.due_at == due.due_at;
        let mut group: Vec<Member> = all.into_iter().filter_map(member).filter(is_with).collect();
        if !group.iter().any(|it| it.scheduled.id == due.id) {
            return Ok(Carried::WithOthers);
        }
        if let Some(first) = group.iter().find(|it| it.plan.ready.is_some()) {
            let (id, ready) = (first.scheduled.id, first.plan.ready.clone());
            return self.finish_digest(&user, due.due_at, id, ready).await;
        }
        group.sort_unstable_by_key(|it| (it.plan.first, it.waiting.id));
        self.let_go_of_the_dead(&mut group).await?;
        match &group[..] {
            [] => Ok(Carried::Dropped),
            [alone] => self.send_alone(alone).await,
            [first, ..] => {
                let ready = ready(&group, &waiting.by);
                let plan = Plan { ready: Some(ready.clone()), ..first.plan.clone() };
                let id = first.scheduled.id;
                let data = json(&plan).map_err(back)?;
                // Not a part any more: calling off one of them does not call off the digest.
                let scheduled = Scheduled { data, part_of: None, ..first.scheduled.clone() };
                self.store.schedule(scheduled).await?;
                self.finish_digest(&user, due.due_at, id, Some(ready)).await
            }
        }
    }

    /// Those that have expired while they waited, and all but the first with one `dedupe_key`.
    async fn let_go_of_the_dead(&self, group: &mut Vec<Member>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut keys = hashbrown::HashSet::new();
        let (alive, dead): (Vec<Member>, Vec<Member>) = std::mem::take(group).into_iter().partition(|it| {
            let request = &it.plan.request;
            let is_expired = request.expires_at.is_some_and(|at| at <= now);
            !is_expired && request.dedupe_key.clone().is_none_or(|key| keys.insert(key))
        });
        for it in dead {
            self.store.finish_scheduled(it.scheduled.id).await?;
        }
        *group = alive;
        Ok(())
    }

    /// One that waited and stayed alone comes as what it is.
    async fn send_alone(&self, alone: &Member) -> Result<Carried, StoreError> {
        let Scheduled { id, due_at, .. } = alone.scheduled;
        let carried = match Ask::read(alone.plan.request.clone()) {
            Ok(ask) => {
                let sent_as = id_at(due_at, &id.bytes()[6..]);
                self.send(sent_as, due_at, &ask, None).await.map_err(back)?;
                Carried::Out
            }
            Err(_) => Carried::Dropped,
        };
        self.store.finish_scheduled(id).await?;
        Ok(carried)
    }

    /// Lets those go that are in a digest, sends it, and lets go of the plan in which it was written down.
    async fn finish_digest(
        &self,
        user: &UserId,
        due_at: Timestamp,
        id: EntryId,
        ready: Option<Ready>,
    ) -> Result<Carried, StoreError> {
        let Some(ready) = ready else { return Ok(Carried::WithOthers) };
        for other in ready.of.iter().filter(|other| **other != id) {
            self.store.finish_scheduled(*other).await?;
        }
        let content = Content {
            title: ready.title.into(),
            digest: Some(json(&ready.digest).map_err(back)?),
            ..Content::default()
        };
        let notification = Notification {
            id: id_at(due_at, &id.bytes()[6..]),
            severity: Severity::parse(&ready.severity).unwrap_or_default(),
            category: ready.category.as_deref().and_then(|category| Category::parse(category).ok()),
            created_at: due_at,
            expires_at: ready.expires_at,
            content,
        };
        self.send_digest(notification, user, ready.receipts).await.map_err(back)?;
        self.store.finish_scheduled(id).await?;
        Ok(Carried::Out)
    }
}

/// What comes of a group, in the order in which they came.
fn ready(group: &[Member], by: &str) -> Ready {
    let requests = || group.iter().map(|it| &it.plan.request);
    let severity = requests().map(|it| it.severity.unwrap_or_default().as_str());
    let severity = severity.max_by_key(|word| Severity::parse(word)).unwrap_or_default();
    let same_category = requests().all(|it| it.category == group[0].plan.request.category);
    let expires: Option<Vec<Timestamp>> = requests().map(|it| it.expires_at).collect();
    let (mut items, mut bytes) = (Vec::new(), 0);
    for Member { plan: Plan { request, first, .. }, waiting, .. } in group.iter().rev().take(ITEMS_MAX) {
        let data = request.data.clone().filter(|data| data.as_str() != "null");
        bytes += request.title.len() + request.message.as_ref().map_or(0, String::len);
        bytes +=
            request.url.as_ref().map_or(0, String::len) + data.as_ref().map_or(0, |it| it.as_str().len());
        if !items.is_empty() && bytes > BYTES_MAX {
            break;
        }
        items.push(DigestItem {
            id: waiting.id,
            title: request.title.clone(),
            message: request.message.clone(),
            severity: request.severity.unwrap_or_default(),
            category: request.category.clone(),
            data,
            url: request.url.clone(),
            created_at: *first,
        });
    }
    let word = by.split_once(':').map_or(by, |(_, word)| word);
    Ready {
        of: group.iter().map(|it| it.scheduled.id).collect(),
        title: format!("{word} ({})", group.len()),
        severity: severity.to_owned(),
        category: group[0].plan.request.category.clone().filter(|_| same_category),
        expires_at: expires.and_then(|all| all.into_iter().max()),
        receipts: requests().any(|it| it.receipts == Some(true)),
        digest: Digested { count: group.len() as u64, items },
    }
}
