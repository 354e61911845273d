//! `tidings config`: the settings in print.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::load::{File, Given};
use crate::output;

/// Show the settings
///
/// Secrets are masked.
#[derive(Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    file: File,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Every setting with its value and where that came from (this is the default)
    Show {
        #[command(flatten)]
        file: File,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Every environment variable, as a file to start from
    Env,
    /// The reference of all settings, as Markdown
    Docs,
    /// A tidings.toml with every setting as a comment, to start from
    Example,
}

impl Config {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let (file, json) = match self.what {
            Some(What::Show { file, json }) => (file.or(self.file), json || self.json),
            None => (self.file, self.json),
            Some(rendering) => {
                given.refuse()?;
                output::text(&match rendering {
                    What::Env => tidings_settings::env(),
                    What::Docs => tidings_settings::docs(),
                    _ => tidings_settings::example(),
                })?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        let loaded = given.load(&file)?;
        if json {
            output::json(&loaded.show_json())?;
        } else {
            output::text(&loaded.show())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
