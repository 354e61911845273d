//! What is erased while somebody can still see it.

use std::{
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tidings_core::Store;
use tidings_testkit::contract::{
    run,
    store::{Fresh, erasing::what_was_erased_is_in_no_file},
};

use crate::{
    contract::Postgres,
    server::{name, open, shared},
};

/// The store of a role without any privilege, and a transaction of the superuser that begins right before the erasure and lasts
/// longer than that would take.
struct Watched {
    postgres: Postgres,
    role: &'static str,
    /// Whether the transaction is in another database.
    is_elsewhere: bool,
    begin: &'static str,
}

impl Fresh for Watched {
    async fn store(&mut self) -> Arc<dyn Store> {
        let (url, role) = (shared().database().unwrap(), self.role);
        shared().sql("postgres", &format!("CREATE ROLE {role} LOGIN")).unwrap();
        shared().sql("postgres", &format!("ALTER DATABASE {} OWNER TO {role}", name(&url))).unwrap();
        shared().sql(name(&url), &format!("GRANT CREATE ON SCHEMA public TO {role}")).unwrap();
        let url = url.replace("postgres@", &format!("{role}@"));
        self.postgres.url = Some(url.clone());
        open(&url).await
    }

    fn files(&self) -> Vec<PathBuf> {
        let watched = match self.is_elsewhere {
            true => shared().database().unwrap(),
            false => self.postgres.url.clone().unwrap(),
        };
        let database = name(&watched).to_owned();
        let sleeping = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event = 'PgSleep'"
        );
        let files = self.postgres.files();
        let sql = format!("{}; SELECT pg_sleep(2)", self.begin);
        thread::spawn(move || shared().sql(&database, &sql));
        let deadline = Instant::now() + Duration::from_secs(30);
        while shared().sql("postgres", &sleeping).unwrap() != "1" {
            assert!(Instant::now() < deadline, "the transaction does not begin");
        }
        files
    }
}

#[test]
fn a_snapshot_that_sees_what_is_erased_is_waited_for() {
    run(async {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1";
        let postgres = Postgres::default();
        let mut watched = Watched { postgres, role: "snapshot_watched", is_elsewhere: false, begin };
        what_was_erased_is_in_no_file(&mut watched).await;
    });
}

/// What rewrites a table counts the transactions of all databases.
#[test]
fn a_transaction_in_another_database_is_waited_for() {
    run(async {
        let begin = "BEGIN; SELECT pg_current_xact_id()";
        let postgres = Postgres::default();
        let mut watched = Watched { postgres, role: "elsewhere_watched", is_elsewhere: true, begin };
        what_was_erased_is_in_no_file(&mut watched).await;
    });
}
