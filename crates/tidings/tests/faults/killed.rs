//! `kill -9` of the server amid publishes: what was acknowledged is there, once and in order, for everybody.

use std::time::{Duration, Instant};

use serde_json::json;
use tidings_testkit::PostgresServer;

use crate::{
    harness::{Http, Server, Setup},
    ledger::{Load, Recovery, Truth, seconds},
    report,
    sizes::size,
};

const ROOMS: usize = 4;
/// What the promise allows between the start of the process and the first acknowledgement.
const FIRST_ACK_MAX: Duration = Duration::from_secs(2);

/// So many rounds with so many acknowledgements each; beside them something is stored already.
struct Plan {
    rounds: usize,
    acks: usize,
    stored: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_nothing_is_lost_or_doubled() {
    let plan = Plan {
        rounds: size("ROUNDS", 2, 20),
        acks: size("ACKS", 1_000, 10_000),
        stored: size("STORED", 2_000, 1_000_000),
    };
    let mut server = Server::start();
    let database = server.database();
    plan.carry_out("SQLite", &mut server, async || Truth::of_file(&database, ROOMS).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_nothing_is_lost_or_doubled() {
    let plan = Plan {
        rounds: size("POSTGRES_ROUNDS", 1, 5),
        acks: size("POSTGRES_ACKS", 500, 10_000),
        stored: size("POSTGRES_STORED", 1_000, 100_000),
    };
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.database().unwrap();
    let mut server =
        Server::prepare(Setup { settings: vec![("store.url", url.clone())], ..Setup::default() });
    server.resume();
    plan.carry_out("PostgreSQL", &mut server, async || Truth::of_postgres(&url, ROOMS).await).await;
}

impl Plan {
    async fn carry_out(&self, store: &str, server: &mut Server, truth: impl AsyncFn() -> Truth) {
        let Self { rounds, acks, stored } = *self;
        fill(server, stored).await;
        let (writers, readers) = (size("WRITERS", 8, 20), size("READERS", 10, 50));
        let run = Load { writers, readers, rooms: ROOMS, padding: 20 }.start(server).await;
        let mut recoveries: Vec<Recovery> = Vec::new();
        for round in 0..rounds {
            // Amid the round, each time elsewhere.
            let before = acks * (round * 7 % 10 + 1) / 11;
            run.acknowledged(before).await;
            server.kill();
            let since = Instant::now();
            server.resume();
            recoveries.push(run.recovery(since).await);
            run.acknowledged(acks - before).await;
        }
        let ended = run.end().await;
        server.kill();
        let verdict = ended.settle(&truth().await);
        let worst = |of: fn(&Recovery) -> Duration| recoveries.iter().map(of).max().unwrap();
        report::line(
            &format!("kill -9 of the server, {store}"),
            format_args!(
                "{rounds} rounds, {verdict}; {stored} more were stored; worst from start to first ack {}, to 50 / 99 / 100 % of {readers} readers current {} / {} / {}",
                seconds(worst(|it| it.first_ack)),
                seconds(worst(|it| it.current[0])),
                seconds(worst(|it| it.current[1])),
                seconds(worst(|it| it.current[2])),
            ),
        );
        assert!(verdict.acknowledged >= rounds * acks);
        assert!(worst(|it| it.first_ack) < FIRST_ACK_MAX, "{:?}", worst(|it| it.first_ack));
    }
}

/// What is there already when the fault comes.
async fn fill(server: &Server, entries: usize) {
    let mut http = Http::open(server).await;
    let text = "an entry of a usual size, about a hundred bytes";
    let entry = |n: usize| {
        let data = json!({ "n": n, "text": text });
        json!({ "to": { "room": format!("ledger_old{}", n % 100) }, "type": "old", "data": data })
    };
    for first in (0..entries).step_by(1_000) {
        let batch: Vec<_> = (first..entries.min(first + 1_000)).map(entry).collect();
        let body = json!({ "entries": batch }).to_string();
        let answer = http.request("POST", "/v1/publish/batch", "", body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
