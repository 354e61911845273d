//! How fast it is. Not part of every run: `cargo test -p tidings-postgres --release figures -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use tidings_core::{Store, store::Page};
use tidings_protocol::Offset;
use tidings_testkit::contract::{
    run,
    samples::{LONG, entry, room},
};

use crate::{postgres_server::PostgresServer, server::open};

#[test]
#[ignore = "measures"]
fn appends_with_64_in_flight() {
    run(async {
        let server = PostgresServer::start().unwrap();
        let store = open(&server.database().unwrap()).await;
        for rooms in [1, 64] {
            let (since, run_for) = (Instant::now(), Duration::from_secs(5));
            let mut writers = tokio::task::JoinSet::new();
            for writer in 0..64 {
                let store = store.clone();
                writers.spawn(async move {
                    let (room, mut count) = (room(&format!("of{rooms}-{}", writer % rooms)), 0);
                    let data = format!("\"{}\"", "x".repeat(200));
                    while since.elapsed() < run_for {
                        store.append_one(entry(&room, &data), LONG).await.unwrap();
                        count += 1;
                    }
                    count
                });
            }
            let total: u32 = writers.join_all().await.iter().sum();
            println!("{rooms} rooms: {:.0} appends/s", f64::from(total) / since.elapsed().as_secs_f64());
        }
    });
}

#[test]
#[ignore = "measures"]
fn pages_of_a_room_of_a_million_entries() {
    run(async {
        let server = PostgresServer::start().unwrap();
        let url = server.database().unwrap();
        let store = open(&url).await;
        store.append_one(entry(&room("big"), "1"), LONG).await.unwrap();
        let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
        // Over eight weeks, most of them in the past.
        let sql = r#"
            DO $$ DECLARE week bigint := (extract(epoch FROM now()) / 604800)::bigint - 8; BEGIN
                FOR n IN week .. week + 7 LOOP
                    EXECUTE format('CREATE TABLE IF NOT EXISTS tidings_entries_w%s PARTITION OF tidings_entries FOR VALUES FROM (%s) TO (%s)',
                        n, n * 604800000::bigint, (n + 1) * 604800000::bigint);
                END LOOP;
            EXCEPTION WHEN duplicate_table OR invalid_object_definition THEN NULL; END $$;
            INSERT INTO tidings_entries
                SELECT r.id, n + 1, (extract(epoch FROM now()) * 1000)::bigint - (1000000 - n) * 4000::bigint, decode(lpad(to_hex(n), 32, '0'), 'hex'), 'note', NULL, '"x"'
                FROM tidings_rooms r, generate_series(1, 999999) n WHERE r.key = 'room:big';
            UPDATE tidings_rooms SET head = 1000000 WHERE key = 'room:big';"#;
        server.sql(name, sql).unwrap();
        let mut times = Vec::new();
        for number in 0..1_000u64 {
            let at = number * 7_919_003 % 1_000_000;
            let page = if number % 2 == 0 { Page::After(Offset(at)) } else { Page::Before(Offset(at)) };
            let since = Instant::now();
            store.read(room("big"), page, 50).await.unwrap();
            times.push(since.elapsed());
        }
        times.sort();
        println!("pages of 50: p50 {:?}, p99 {:?}, most {:?}", times[500], times[990], times[999]);
    });
}
