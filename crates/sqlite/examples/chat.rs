//! What chat costs in a room of a million messages: `cargo run --release -p tidings-sqlite --example chat [messages]`.

use std::{error::Error, sync::Arc};

use tidings_sqlite::{Options, SqliteStore};
use tidings_testkit::{Folder, measuring};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.path().join("chat.db"), Options::default())?;
    measuring::chat(Arc::new(store), messages).await;
    Ok(())
}
