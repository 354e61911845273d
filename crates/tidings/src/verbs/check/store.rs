//! The store and the archive, as a start would find them.

use std::path::Path;

use anyhow::Context;
use tidings_settings::Settings;

use super::{Finding, Status};
use crate::run::runtime;
use crate::store::{Address, Looked, look_at_archive};

/// A finding for the store, and one for the archive where there is to be one.
///
/// # Errors
/// The runtime does not start.
pub(super) fn look(settings: &Settings) -> anyhow::Result<Vec<Finding>> {
    let address = Address::parse(&settings.store.url).context("store.url")?;
    let runtime = runtime(1).context("the runtime does not start")?;
    let mut found = vec![finding("store", runtime.block_on(address.look(settings)))];
    if !settings.store.archive.is_empty() {
        found.push(finding("archive", look_at_archive(Path::new(&settings.store.archive))));
    }
    Ok(found)
}

fn finding(check: &'static str, looked: Looked) -> Finding {
    let (status, detail) = match looked {
        Looked::Good(detail) => (Status::Good, detail),
        Looked::Note(detail) => (Status::Warning, detail),
        Looked::Wrong(detail) => (Status::Wrong, detail),
    };
    Finding { check, status, detail }
}
