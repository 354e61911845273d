//! What a large inbox costs: `cargo run --release -p tidings-postgres --example inbox`, on a PostgreSQL that it starts for itself.

use std::time::{SystemTime, UNIX_EPOCH};

use tidings_core::store::inbox::{InboxStore, Reader};
use tidings_postgres::{PostgresOptions, PostgresStore};
use tidings_protocol::{Timestamp, UserId};
use tidings_testkit::{PostgresServer, inbox_load};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = PostgresServer::start()?;
    for broadcasts in [0, 10_000] {
        let url = server.database()?;
        let store = PostgresStore::connect(&url, PostgresOptions::default()).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
        let reader = Reader { user: UserId::parse("ada")?, roles: Vec::new() };
        store.counters(reader, Timestamp::from_millis(now)).await?;
        // One inbox is changed by one at a time, so filling it by the store's calls would take minutes.
        let fill = format!(
            "INSERT INTO tidings_items (user_id, id, bucket, category, created_at, content)
             SELECT 'ada', decode(lpad(to_hex({now} + n), 12, '0') || substr(md5(n::text), 1, 20), 'hex'), n % 4,
                    'category ' || n / 7 % 10, {now} + n, json_build_object('title', 'Order shipped', 'message', repeat('x', 80), 'data', n)
             FROM generate_series(0, 99999) n;
             UPDATE tidings_inboxes SET unread = 100000"
        );
        let database = url.rsplit('/').next().and_then(|name| name.split('?').next()).unwrap_or_default();
        server.sql(database, &fill)?;
        inbox_load::measure(&store, 0, broadcasts).await;
    }
    Ok(())
}
