//! The `tidings` command: parse, match, run.
//!
//! `verbs` has one file for each verb. `run` is what `serve` and `dev` share, `dev` what only `dev` has, and `client`
//! what the verbs that talk to a server share. Exit codes: 0, 1 (failed), 2 (called wrongly).

mod client;
mod dev;
mod failure;
mod file_limit;
mod listen_address;
mod load;
mod log;
mod mint;
mod offline;
mod output;
mod run;
mod signals;
mod small_pages;
mod store;
mod verbs;

use std::process::ExitCode;

use clap::builder::{OsStr, Resettable};
use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure::WrongCall;
use crate::load::Given;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A real-time server: what a back end publishes reaches every browser, at once and without gaps.
#[derive(Parser)]
#[command(name = "tidings", version, after_help = load::FLAGS_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Dev(verbs::dev::Dev),
    Serve(verbs::serve::Serve),
    Token(verbs::token::Token),
    Publish(verbs::publish::Publish),
    Notify(verbs::notify::Notify),
    Listen(verbs::listen::Listen),
    Bench(verbs::bench::Bench),
    Check(verbs::check::Check),
    Config(verbs::config::Config),
    Db(verbs::db::Db),
}

/// The command line, for which an empty variable is none, as for the settings.
fn command() -> Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    Cli::command().mut_subcommands(|verb| {
        verb.mut_args(|argument| match argument.get_env().is_some_and(is_empty) {
            true => argument.env(Resettable::<OsStr>::Reset),
            false => argument,
        })
    })
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let mut arguments = Vec::new();
    for argument in std::env::args_os() {
        let argument = argument.into_string().map_err(|_| WrongCall::new("an argument is not UTF-8"))?;
        arguments.push(argument);
    }
    // Settings' flags are taken out first: there are a hundred of them, and all verbs have the same.
    let (flags, rest) = tidings_settings::split_flags(arguments).map_err(WrongCall::new)?;
    let given = Given::new(flags);
    match Cli::from_arg_matches(&command().get_matches_from(rest)).unwrap_or_else(|wrong| wrong.exit()).verb {
        Verb::Dev(verb) => verb.run(given),
        Verb::Serve(verb) => verb.run(given),
        Verb::Token(verb) => verb.run(given),
        Verb::Publish(verb) => verb.run(given),
        Verb::Notify(verb) => verb.run(given),
        Verb::Listen(verb) => verb.run(given),
        Verb::Bench(verb) => verb.run(given),
        Verb::Check(verb) => verb.run(given),
        Verb::Config(verb) => verb.run(given),
        Verb::Db(verb) => verb.run(given),
    }
}
