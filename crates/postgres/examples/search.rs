//! How long searches take in a million messages, on a PostgreSQL that is started for it:
//! `cargo run --release -p tidings-postgres --example search [messages]`.

use std::{error::Error, sync::Arc};

use tidings_postgres::{PostgresOptions, PostgresStore};
use tidings_testkit::{PostgresServer, search_load};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let server = PostgresServer::start()?;
    let store = PostgresStore::connect(&server.database()?, PostgresOptions::default()).await?;
    search_load::measure(Arc::new(store), messages).await;
    Ok(())
}
