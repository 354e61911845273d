//! Whether the audit log is as it was written. The check before left the number and hash of the last record, which must still be there.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
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
    let states = app.tidings.store().jobs().await.map_err(|error| error.to_string())?;
    let before = states.into_iter().find(|state| state.name == Job::AuditChain.name());
    let known = before.and_then(|state| state.outcome).as_ref().and_then(seen_whole);
    let known_head = known.as_ref().and_then(|report| Some((report.number, bytes(&report.hash)?)));
    let chain = app
        .tidings
        .check_audit(known_head.filter(|(number, _)| *number > 0))
        .await
        .map_err(|error| error.to_string())?;
    if let Some(number) = chain.broken_at {
        let seen = known.unwrap_or_default();
        let seen = serde_json::to_string(&seen).map_err(|error| error.to_string())?;
        return Err(format!(
            "the audit log is not as it was written, from record {number} on; {SEEN_WHOLE}{seen}"
        ));
    }
    let (number, hash) = chain.head.unwrap_or_default();
    Json::of(&Report { records: chain.records, number, hash: hex(&hash) }).map_err(|error| error.to_string())
}

/// How far the log was whole when it was last found so. A check that fails hands it on, or the next one would find nothing wrong.
fn seen_whole(outcome: &Result<Json, String>) -> Option<Report> {
    let report = match outcome {
        Ok(report) => report.as_str(),
        Err(why) => why.split_once(SEEN_WHOLE)?.1,
    };
    serde_json::from_str(report).ok()
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}
