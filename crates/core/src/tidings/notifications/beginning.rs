//! Until somebody is notified of something nobody has an inbox, and connecting costs nothing for one.

use futures_util::{StreamExt, stream};
use hashbrown::HashMap;
use tidings_protocol::{Timestamp, UserId};

use super::{preferences::rules_of, telling::reader};
use crate::{StoreError, Tidings, store::inbox::Reader};

/// Inboxes that are opened at once.
const OPENED_AT_ONCE: usize = 64;

impl Tidings {
    /// Learns whether there are inboxes already. To be called before the first connection, and now and then: another server may have begun.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn look_for_inboxes(&self) -> Result<(), StoreError> {
        if !self.desk.has_begun() && !self.store.inboxes(None, 1).await?.is_empty() {
            self.begin_inboxes().await;
        }
        Ok(())
    }

    /// Opens the inboxes of everybody who is connected, as of when they came: what they are about to be notified of shall be in them. Does
    /// nothing once that is done.
    pub(super) async fn begin_inboxes(&self) {
        if self.desk.has_begun() {
            return;
        }
        // Whoever connects from here on opens their own.
        self.desk.begin();
        let mut since = HashMap::new();
        for connection in self.hub.all_connections() {
            let identity = connection.identity();
            if !identity.anonymous {
                let came = connection.origin.connected_at;
                let first = since.entry(identity.user.clone()).or_insert((reader(&identity), came));
                first.1 = first.1.min(came);
            }
        }
        let open = |(user, (reader, since)): (UserId, (Reader, Timestamp))| async move {
            // Where the store does not answer, the inbox begins with the next call that names the user.
            let _ = self.store.counters(reader, since).await;
            if let Ok(Some(preferences)) = self.store.preferences(user.clone()).await {
                self.remember_rules(&user, rules_of(Some(&preferences)));
            }
        };
        stream::iter(since.into_iter().map(open)).buffer_unordered(OPENED_AT_ONCE).collect::<Vec<()>>().await;
        self.desk.end_beginning();
    }
}
