//! The log: to standard error, as `[log]` says.

use std::io::IsTerminal;

use anyhow::Context;
use tidings_settings::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

/// Begins to log. Once in a process.
///
/// # Errors
/// `log.level` is none.
pub(crate) fn start(settings: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level).with_context(|| {
        format!("log.level: expected a level such as info, or info,hyper=warn; found {:?}", settings.level)
    })?;
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    match settings.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}
