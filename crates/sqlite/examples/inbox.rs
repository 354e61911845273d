//! What a large inbox costs: `cargo run --release -p tidings-sqlite --example inbox`.

use tidings_sqlite::{Options, SqliteStore};
use tidings_testkit::{Folder, inbox_load};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (own, broadcasts) in [(100_000, 0), (100_000, 10_000)] {
        let folder = Folder::new();
        let store = SqliteStore::open(&folder.path().join("inbox.db"), Options::default())?;
        inbox_load::measure(&store, own, broadcasts).await;
    }
    Ok(())
}
