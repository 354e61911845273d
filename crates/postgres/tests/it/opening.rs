//! What is said when a store cannot be opened by waiting.

use tidings_postgres::{Migrated, OpenError, PostgresOptions, PostgresStore, VERSION, migrate};
use tidings_testkit::contract::run;

use crate::server::{name, open, shared};

async fn refused(url: &str) -> OpenError {
    PostgresStore::connect(url, PostgresOptions::default()).await.err().unwrap()
}

#[test]
fn a_database_that_is_not_there_is_named_as_the_reason() {
    run(async {
        let error = refused(&shared().url("no_such")).await.to_string();
        assert!(error.contains("does not exist") && error.contains("createdb"), "{error}");
    });
}

#[test]
fn newer_tables_are_refused_and_left_alone() {
    run(async {
        let url = shared().database().unwrap();
        drop(open(&url).await);
        shared().sql(name(&url), "UPDATE tidings_meta SET version = 99").unwrap();
        let error = refused(&url).await;
        assert!(matches!(error, OpenError::Newer { found: 99, known: VERSION }), "{error}");
        assert_eq!(shared().sql(name(&url), "SELECT version FROM tidings_meta").unwrap(), "99");
    });
}

#[test]
fn servers_that_start_together_make_the_tables_once() {
    run(async {
        let url = shared().database().unwrap();
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let url = url.clone();
            starting.spawn(async move { migrate(&url).await.unwrap() });
        }
        let done = starting.join_all().await;
        let news = done.iter().filter(|done| **done == Migrated { from: 0, to: VERSION }).count();
        assert_eq!((news, done.len()), (1, 4), "{done:?}");
    });
}

#[test]
fn a_wrong_password_is_said_and_never_repeated() {
    run(async {
        let url = shared().database().unwrap();
        shared().sql(name(&url), "CREATE ROLE ada LOGIN PASSWORD 'right'").unwrap();
        let hba = shared().data().join("pg_hba.conf");
        let rules = std::fs::read_to_string(&hba).unwrap();
        std::fs::write(&hba, format!("host all ada 127.0.0.1/32 scram-sha-256\n{rules}")).unwrap();
        shared().sql(name(&url), "SELECT pg_reload_conf()").unwrap();
        let wrong = url.replace("postgres@", "ada:s3cret@");
        // It reads its rules again when it gets to it.
        let mut error = String::new();
        for _ in 0..100 {
            error = PostgresStore::connect(&wrong, PostgresOptions::default())
                .await
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            if error.contains("28P01") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(error.contains("28P01") && !error.contains("s3cret"), "{error}");
    });
}
