//! Whether the audit log is as it was written. The check before left the number and hash of the last record, which must still be there.

use serde::{Deserialize, Serialize};
use tidings_core::{
    StoreError, hex,
    tidings::{Chain, Head},
};
use tidings_protocol::Json;

use super::Job;
use crate::App;

/// In front of what a failed check knows of the one before.
const SEEN_WHOLE: &str = "last found whole: ";

/// What a check leaves behind.
#[derive(Default, Serialize, Deserialize)]
struct Report {
    /// How many records there are.
    records: u64,
    /// The last one's number, 0 where there is none.
    number: u64,
    /// The last one's hash.
    hash: String,
}

pub(super) async fn work(app: &App) -> Result<Json, String> {
    let known = known(app).await.map_err(|error| error.to_string())?;
    let checked = app.tidings.check_audit(known.as_ref().and_then(Report::head)).await;
    let wrong = match &checked {
        Ok(Chain { broken: Some(broken), .. }) => {
            format!("the audit log is not as it was written, from record {} on: {broken}", broken.number)
        }
        Ok(chain) => return Json::of(&Report::of(chain)).map_err(|error| error.to_string()),
        Err(error) => error.to_string(),
    };
    let seen = serde_json::to_string(&known.unwrap_or_default()).map_err(|error| error.to_string())?;
    Err(format!("{wrong}; {SEEN_WHOLE}{seen}"))
}

/// Does what the job does and leaves nothing behind.
///
/// # Errors
/// Those of the store that say nothing about the log.
pub async fn check(app: &App) -> Result<Chain, StoreError> {
    let known = known(app).await?;
    app.tidings.check_audit(known.as_ref().and_then(Report::head)).await
}

/// How far the log was whole when it was last found so. A check that fails hands it on, or the next one would find nothing wrong.
async fn known(app: &App) -> Result<Option<Report>, StoreError> {
    let states = app.tidings.store().jobs().await?;
    let before = states.into_iter().find(|state| state.name == Job::AuditChain.name());
    let outcome = before.and_then(|state| state.outcome);
    Ok(outcome.and_then(|outcome| match &outcome {
        Ok(report) => serde_json::from_str(report.as_str()).ok(),
        Err(why) => serde_json::from_str(why.split_once(SEEN_WHOLE)?.1).ok(),
    }))
}

impl Report {
    fn of(chain: &Chain) -> Self {
        let (number, hash) = chain.head.unwrap_or_default();
        Self { records: chain.records, number, hash: hex(&hash) }
    }

    /// None where no record was seen.
    fn head(&self) -> Option<Head> {
        let mut hash = [0; 32];
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(self.hash.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        (self.number > 0).then_some((self.number, hash))
    }
}
