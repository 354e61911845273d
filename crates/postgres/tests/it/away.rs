//! PostgreSQL goes away and comes back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tidings_core::{Store, StoreError, store::Page};
use tidings_postgres::PostgresStore;
use tidings_protocol::Offset;
use tidings_testkit::{
    PostgresServer,
    contract::{
        run,
        samples::{LONG, entry, json, log, once, room},
    },
};

use crate::server::{append, open};

/// What the seam promises.
const REFUSED_WITHIN: Duration = Duration::from_secs(2);
const BACK_WITHIN: Duration = Duration::from_secs(3);

async fn back(store: &PostgresStore) -> Duration {
    let since = Instant::now();
    while append(store, &room("back"), 0).await.is_err() {
        assert!(since.elapsed() < BACK_WITHIN, "{:?}", store.health().await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    since.elapsed()
}

#[test]
fn a_store_starts_without_its_server_and_works_when_that_comes() {
    run(async {
        let mut server = PostgresServer::start().unwrap();
        let url = server.database().unwrap();
        server.stop();
        let since = Instant::now();
        let store = open(&url).await;
        let refused = append(&*store, &room("a"), 1).await;
        assert!(matches!(&refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(matches!(store.head(room("a")).await, Err(StoreError::Unavailable(_))));
        assert!(since.elapsed() < REFUSED_WITHIN, "{:?}", since.elapsed());
        server.resume().unwrap();
        back(&store).await;
        store.health().await.unwrap();
    });
}

#[test]
fn while_it_is_stopped_everything_is_refused_at_once() {
    run(async {
        let mut server = PostgresServer::start().unwrap();
        let store = open(&server.database().unwrap()).await;
        append(&*store, &room("a"), 1).await.unwrap();
        server.stop();
        for number in 0..200 {
            let since = Instant::now();
            let refused = append(&*store, &room("a"), number).await;
            assert!(matches!(&refused, Err(StoreError::Unavailable(_))), "{refused:?}");
            assert!(since.elapsed() < REFUSED_WITHIN, "{:?}", since.elapsed());
        }
        assert!(store.health().await.is_err());
        server.resume().unwrap();
        back(&store).await;
        assert_eq!(store.head(room("a")).await.unwrap().offset, Offset(1), "what was refused did not happen");
    });
}

#[test]
fn a_server_that_hangs_costs_two_seconds_and_no_more() {
    run(async {
        let server = PostgresServer::start().unwrap();
        let store = open(&server.database().unwrap()).await;
        append(&*store, &room("a"), 1).await.unwrap();
        server.freeze();
        let since = Instant::now();
        let mut waiting = tokio::task::JoinSet::new();
        for number in 0..100 {
            let store = store.clone();
            waiting.spawn(async move { append(&*store, &room("a"), number).await });
        }
        let read = store.read(room("a"), Page::After(Offset(0)), 10).await;
        assert!(matches!(&read, Err(StoreError::Unavailable(_))), "{read:?}");
        while let Some(outcome) = waiting.join_next().await {
            let outcome = outcome.unwrap();
            assert!(
                matches!(&outcome, Err(StoreError::Unavailable(_) | StoreError::Uncertain(_))),
                "{outcome:?}"
            );
        }
        assert!(since.elapsed() < REFUSED_WITHIN + Duration::from_millis(200), "{:?}", since.elapsed());
        server.thaw();
        back(&store).await;
    });
}

/// Who appends does it again with the same key until it is answered, as a server's callers do.
#[test]
fn kill_9_loses_nothing_and_doubles_nothing() {
    run(async {
        let mut server = PostgresServer::start().unwrap();
        let store = open(&server.database().unwrap()).await;
        let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..20 {
            let (store, acknowledged, is_over) = (store.clone(), acknowledged.clone(), is_over.clone());
            writers.spawn(async move {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let text = format!("{writer}-{number}");
                    loop {
                        let entries = vec![(entry(&room("busy"), &format!("\"{text}\"")), LONG)];
                        let since = Instant::now();
                        let outcome = store.append(entries, Some(once(&text, 1, 0))).await;
                        assert!(
                            since.elapsed() < REFUSED_WITHIN + Duration::from_millis(200),
                            "{:?}",
                            since.elapsed()
                        );
                        match outcome {
                            Ok(appended) => {
                                acknowledged
                                    .lock()
                                    .unwrap()
                                    .insert(json(&format!("\"{text}\"")).as_str().to_owned(), appended);
                                break;
                            }
                            Err(StoreError::Unavailable(_) | StoreError::Uncertain(_)) => {
                                tokio::time::sleep(Duration::from_millis(20)).await;
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
        for round in 0..4 {
            tokio::time::sleep(Duration::from_millis(400 + 130 * round)).await;
            server = tokio::task::spawn_blocking(move || {
                if round % 2 == 0 {
                    server.kill()
                } else {
                    server.stop_immediately()
                }
                server.resume().unwrap();
                server
            })
            .await
            .unwrap();
            eprintln!("back after {:?}", back(&store).await);
        }
        is_over.store(true, Ordering::Relaxed);
        while let Some(writer) = writers.join_next().await {
            writer.unwrap();
        }
        let kept = log(&*store, &room("busy")).await;
        let mut texts: Vec<String> = kept.iter().map(|entry| entry.data.as_str().to_owned()).collect();
        assert!(kept.iter().zip(1..).all(|(entry, offset)| entry.offset == Some(Offset(offset))));
        texts.sort();
        let asked: Vec<String> = acknowledged.lock().unwrap().keys().cloned().collect();
        eprintln!("{} acknowledged", asked.len());
        assert!(texts == asked, "{} kept, {} acknowledged", texts.len(), asked.len());
    });
}
