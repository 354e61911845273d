//! Bodies about encryption at rest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 200 of `POST /v1/encryption/rotate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RotateResponse {
    /// Id of the master key under which all data keys are now.
    pub master: String,
    /// Data keys that were put under it now.
    pub rewrapped: u64,
    /// Data keys that were under it before.
    pub already: u64,
    /// Files of the archive that were written anew, with their data keys under it.
    pub archives: u64,
    /// Data keys in the archive that stay under a master key which the server has not.
    pub archived_left: u64,
}
