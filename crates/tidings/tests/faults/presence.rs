//! `kill -9` with people online: afterwards nobody is shown online who is not, it is known when they were last seen, and the back end
//! is told of those who do not come back, once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    harness::{Client, Server, until},
    report,
    sizes::is_soak,
};

/// What is kept of when somebody was last seen is never older than this.
const SEEN_WITHIN: Duration = Duration::from_secs(60);
/// And so long it takes at most until the back end is told of somebody whose server died.
const TOLD_WITHIN: Duration = Duration::from_secs(90);

async fn presence(server: &Server, users: &str) -> Vec<Value> {
    let page = server.get(&format!("/v1/presence?users={users}")).await;
    page.json()["items"].as_array().unwrap().clone()
}

/// How often the back end was told that somebody came, and went.
async fn told(server: &Server) -> (u64, u64) {
    let text = server.get("/metrics").await.text();
    let count = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    (count("tidings_user_online_events_total"), count("tidings_user_offline_events_total"))
}

#[tokio::test]
async fn j5_a_killed_server_leaves_no_ghost() {
    let mut server = Server::start();
    let mut online: Vec<Client> = Vec::new();
    for user in ["ada", "bob", "cyd"] {
        let mut client = server.connect(user).await;
        client.join("live_hall").await;
        online.push(client);
    }
    until("the back end is told of three", Duration::from_secs(5), async || told(&server).await == (3, 0))
        .await;
    server.kill();
    let killed = std::time::SystemTime::now();
    server.resume();
    for item in presence(&server, "ada,bob,cyd").await {
        assert_eq!((&item["status"], &item["connections"]), (&json!("offline"), &json!(0)), "{item}");
        let seen: tidings_protocol::Timestamp = serde_json::from_value(item["last_seen"].clone()).unwrap();
        let killed = killed.duration_since(std::time::UNIX_EPOCH).unwrap();
        let unseen = killed.saturating_sub(Duration::from_millis(seen.millis()));
        assert!(unseen < SEEN_WITHIN, "{item}: last seen {unseen:?} before the end");
    }
    let mut ada = server.connect("ada").await;
    assert_eq!(ada.join("live_hall").await["member_count"], 1, "nobody is in a room who is not");
    assert_eq!(presence(&server, "ada").await[0]["status"], "online");
    assert_eq!(told(&server).await, (0, 0), "for the back end ada was there all the time");
    if !is_soak() {
        return;
    }
    let is_told = async || {
        // She answers the server's pings.
        ada.so_far().await;
        told(&server).await == (0, 2)
    };
    let took = until("the back end is told of two", TOLD_WITHIN, is_told).await;
    report::line("kill -9 with people online", format_args!("the back end knew of all after {took:.0?}"));
    let _bob = server.connect("bob").await;
    until("the back end is told", Duration::from_secs(5), async || told(&server).await == (1, 2)).await;
}

#[tokio::test]
async fn c1_when_somebody_was_last_seen_is_kept_over_restarts() {
    let mut server = Server::start();
    assert_eq!(presence(&server, "ada").await[0]["last_seen"], Value::Null, "never");
    let ada = server.connect("ada").await;
    server.connect("bob").await.leave().await;
    ada.leave().await;
    server.stop();
    server.resume();
    let (ada, bob) = (presence(&server, "ada").await.remove(0), presence(&server, "bob").await.remove(0));
    for item in [&ada, &bob] {
        assert!(item["last_seen"].is_string() && item["status"] == "offline", "{item}");
    }
    server.stop();
    server.resume();
    assert_eq!(presence(&server, "ada,bob").await, [ada, bob], "and stays as it was");
}
