//! Somebody who has nothing to do with it, and must not notice.

use std::time::Duration;

use serde_json::json;

use super::{Client, Server};

/// How much memory an attack may cost.
const GROWTH_MAX: u64 = 40 << 20;
/// How long the next event may take.
const NEXT_EVENT: Duration = Duration::from_secs(1);

pub(crate) struct Bystander<'a> {
    server: &'a Server,
    client: Client,
    resident_before: u64,
    events: u64,
}

impl<'a> Bystander<'a> {
    /// Comes before the attack.
    pub(crate) async fn of(server: &'a Server) -> Self {
        let mut client = server.connect("bystander").await;
        client.join("bystanders").await;
        let mut bystander = Self { server, client, resident_before: 0, events: 0 };
        bystander.hears_the_next_event().await;
        bystander.resident_before = server.resident_bytes();
        bystander
    }

    /// Hears its next event in time, and the server's memory has not grown much.
    pub(crate) async fn is_fine(&mut self) {
        self.hears_the_next_event().await;
        let growth = self.server.resident_bytes().saturating_sub(self.resident_before);
        assert!(growth < GROWTH_MAX, "the server grew by {} MiB", growth >> 20);
    }

    async fn hears_the_next_event(&mut self) {
        self.events += 1;
        let heard = async {
            self.server.publish(json!({ "room": "bystanders" }), "tick", json!(self.events)).await;
            self.client.event("tick").await
        };
        let heard = tokio::time::timeout(NEXT_EVENT, heard).await;
        assert_eq!(heard.expect("the bystander's event took too long")["data"], self.events);
    }
}
