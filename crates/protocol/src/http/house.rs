//! Bodies about keeping house: jobs, the audit log, what is one person's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Json, Timestamp};

/// How a background job stands; it runs once for all servers on one store.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JobInfo {
    /// `retention`, `tidying`, `audit_chain`, `notifications`, `notification_retention`.
    pub name: String,
    /// How its last run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<JobOutcome>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it runs again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// Whether some server is at it.
    pub running: bool,
    /// Why it waits although it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// What it said of its last run that went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Json>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a run of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// Well.
    Ok,
    /// Not well.
    Failed,
}

/// `GET /v1/audit`: a page of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The oldest first.
    pub items: Vec<AuditItem>,
    /// For `?cursor=`; null on the last page.
    pub next_cursor: Option<String>,
    /// The first record of this page that is not as it was written, or does not follow the one before; null when all is well.
    pub broken_at: Option<u64>,
}

/// A record of the audit log. Its hash is the SHA-256 of the hash before it (32 zero bytes before the first) and of number, time, actor, act,
/// subject and detail, each as text with its length as eight bytes, the highest first, in front.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditItem {
    /// 1, 2, 3, …
    pub number: u64,
    /// When it was about to be done.
    pub time: Timestamp,
    /// Who: the first eight digits of the SHA-256 of the API key, and the address; `cli` for the command line on the store itself.
    pub actor: String,
    /// What: `member.put`, `user.erase`.
    pub act: String,
    /// To whom or what. A user is the first 32 digits of the SHA-256 of the id.
    pub subject: String,
    /// Particulars.
    pub detail: Json,
    /// 64 hexadecimal digits.
    pub hash: String,
}

/// 200 of `DELETE /v1/users/{user}`, and the sum over all users in that of `POST /v1/erasures`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EraseResponse {
    /// How many users were erased: 1, whether anything was kept of them or not.
    pub users: u64,
    /// Sockets of theirs on this server that ended.
    pub connections: u64,
    /// Entries of their personal rooms.
    pub personal_entries: u64,
    /// Entries of theirs in other rooms: what is left is a place without sender and data.
    pub blanked_entries: u64,
    /// Memberships that ended.
    pub memberships: u64,
    /// Notifications of their own.
    pub notifications: u64,
    /// Entries in the archive.
    pub archived_entries: u64,
}

/// `POST /v1/erasures`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseAgainRequest {
    /// Users who were erased before, as the subjects of `user.erase` in the audit log name them, with or without `user:`; at most
    /// 10 000.
    pub pseudonyms: Vec<String>,
}
