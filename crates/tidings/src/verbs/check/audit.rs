//! `tidings check --audit`: whether the audit log is as it was written.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings_core::hex;
use tidings_core::tidings::{Break, Chain, Mismatch};
use tidings_server::jobs;
use tidings_settings::Settings;

use super::{Finding, Status};
use crate::offline;
use crate::output::{self, many};
use crate::run::runtime;

/// Checks the chain and says how it stands.
///
/// # Errors
/// The store cannot be used or does not answer.
pub(super) fn run(settings: Settings, as_json: bool) -> anyhow::Result<ExitCode> {
    let ask = "GET /v1/audit; its job audit_chain checks the log once a day (GET /v1/stats)";
    let chain = runtime(1).context("the runtime does not start")?.block_on(async {
        let app = offline::open(settings, ask).await?;
        jobs::check_audit(&app).await.context("the audit log could not be checked")
    })?;
    let finding = finding(&chain);
    let good = finding.status == Status::Good;
    match as_json {
        true => output::json(&json!({
            "good": good,
            "checks": [finding],
            "audit": { "records": chain.records, "broken": chain.broken.as_ref().map(broken) },
        }))?,
        false => output::line(&finding)?,
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn finding(chain: &Chain) -> Finding {
    let (status, detail) = match (&chain.broken, chain.records) {
        (None, 0) => (Status::Good, "there is no record yet".to_owned()),
        (None, records) => (Status::Good, format!("{}, each as it was written", many(records, "record"))),
        (Some(broken), _) => (Status::Wrong, format!("it is not as it was written: {broken}")),
    };
    Finding { check: "audit", status, detail }
}

/// What is wrong, for programs.
fn broken(broken: &Break) -> serde_json::Value {
    let (kind, expected, found) = match &broken.mismatch {
        Mismatch::Missing { expected } => ("missing", json!(expected), json!(broken.number)),
        Mismatch::Hash { expected, found } => ("hash", json!(hex(expected)), json!(hex(found))),
        Mismatch::Rewritten { expected, found } => ("rewritten", json!(hex(expected)), json!(hex(found))),
        Mismatch::CutOff { expected, .. } => ("cut_off", json!(hex(expected)), json!(null)),
        Mismatch::Unreadable(_) => ("unreadable", json!(null), json!(null)),
    };
    json!({ "record": broken.number, "kind": kind, "expected": expected, "found": found })
}
