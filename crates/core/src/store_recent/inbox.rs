//! Inboxes are the store's behind. What is appended with a change of one belongs to the tails.

use std::sync::Arc;

use tidings_protocol::{EntryId, Json, Role, Timestamp, UserId};
use tidings_settings::Keep;

use super::{RecentStore, pass_on};
use crate::{
    Entry,
    store::{
        Answer, Once,
        inbox::{
            Addressed, Change, Counters, Filter, InboxStore, Item, KeepSince, Marked, Notification, Notified,
            Outcome, Preferences, Reader, Receipt, Scheduled, Stir, Which,
        },
    },
};

impl InboxStore for RecentStore {
    fn notify(
        &self,
        notification: Notification,
        to: Vec<Addressed>,
        once: Option<Once>,
        now: Timestamp,
    ) -> Answer<'_, Notified> {
        let keeps: Vec<Vec<Keep>> =
            to.iter().map(|to| to.tell.iter().map(|(_, keep)| *keep).collect()).collect();
        let append = self.append_begins();
        let answer = self.store().notify(notification, to, once, now);
        Box::pin(async move {
            let notified = answer.await;
            append.ended(notified.as_ref().map(|notified| {
                let outcomes = match notified {
                    Notified::New(outcomes) => &outcomes[..],
                    Notified::Before(_) => &[],
                };
                outcomes.iter().zip(keeps).flat_map(|(outcome, keeps)| {
                    let entries: &[Arc<Entry>] = match outcome {
                        Outcome::Kept(entries) => entries,
                        Outcome::Known(_) => &[],
                    };
                    entries.iter().zip(keeps)
                })
            }));
            notified
        })
    }

    fn mark(
        &self,
        reader: Reader,
        which: Which,
        change: Change,
        tell: Vec<(Entry, Keep)>,
        now: Timestamp,
    ) -> Answer<'_, Marked> {
        let keeps: Vec<Keep> = tell.iter().map(|(_, keep)| *keep).collect();
        let append = self.append_begins();
        let answer = self.store().mark(reader, which, change, tell, now);
        Box::pin(async move {
            let marked = answer.await;
            append.ended(marked.as_ref().map(|marked| marked.entries.iter().zip(keeps)));
            marked
        })
    }

    crate::inbox_calls!(pass_on);
}
