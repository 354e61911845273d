//! How long searches take in a million messages: `cargo run --release -p tidings-sqlite --example search [messages]`.

use std::{error::Error, sync::Arc};

use tidings_sqlite::{Options, SqliteStore};
use tidings_testkit::{Folder, search_load};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args().nth(1).map_or(Ok(1_000_000), |count| count.parse())?;
    let folder = Folder::new();
    let path = folder.path().join("search.db");
    let store = SqliteStore::open(&path, Options::default())?;
    search_load::measure(Arc::new(store), messages).await;
    println!("{} MB in the file", std::fs::metadata(&path)?.len() >> 20);
    Ok(())
}
