//! Publishes that were read together: what is kept of them waits for one commit, not each for its own.

use std::sync::Arc;

use tidings_core::Connection;
use tidings_protocol::{CorrelationId, EventType, Json, Reply, RoomName};

use super::commands::published;
use crate::App;

/// What a connection wants published and has not been answered yet, in its order.
#[derive(Default)]
pub(super) struct Burst {
    /// What comes next is a publish too.
    pub(super) goes_on: bool,
    ids: Vec<Option<CorrelationId>>,
    publications: Vec<(RoomName, EventType, Json)>,
}

impl Burst {
    pub(super) fn add(&mut self, id: Option<CorrelationId>, room: RoomName, event: EventType, data: Json) {
        self.ids.push(id);
        self.publications.push((room, event, data));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Publishes all there is and puts the answers onto the connection's queue.
    pub(super) async fn publish(&mut self, app: &App, connection: &Arc<Connection>) {
        let (ids, publications) = (std::mem::take(&mut self.ids), std::mem::take(&mut self.publications));
        let outcomes = app.tidings.publish_each_as(&connection.identity(), publications).await;
        for (id, outcome) in ids.into_iter().zip(outcomes) {
            let reply = match outcome {
                Ok(entry) => published(id, entry),
                Err(fault) => Reply::error(id, fault),
            };
            connection.send(app.tidings.hub.encode().reply(connection.format, &reply));
        }
    }
}
