//! Whether the store can be used, asked at most once a second however many ask.

use std::time::Duration;

use tidings_core::{Monotonic, StoreError, Tidings};

/// How long a store may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer stands.
const FRESH: Duration = Duration::from_secs(1);

/// The store's last answer.
#[derive(Default, Debug)]
pub struct StoreHealth(tokio::sync::Mutex<Option<(Monotonic, Result<(), String>)>>);

impl StoreHealth {
    /// What is wrong with the store, in a sentence for operators.
    pub(crate) async fn check(&self, tidings: &Tidings) -> Result<(), String> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) =
            last.as_ref().filter(|(at, _)| tidings.clock().monotonic().since(*at) < FRESH)
        {
            let _ = at;
            return answer.clone();
        }
        let answer = match tokio::time::timeout(PATIENCE, tidings.store().health()).await {
            Ok(answer) => answer.map_err(|error: StoreError| error.to_string()),
            Err(_) => Err(format!("it does not answer within {} s", PATIENCE.as_secs())),
        };
        *last = Some((tidings.clock().monotonic(), answer.clone()));
        answer
    }
}
