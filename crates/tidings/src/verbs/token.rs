//! `tidings token`: mints a user's token, or explains one.

mod explain;

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tidings_protocol::{Role, Timestamp, UserId};
use tidings_settings::Settings;

use crate::failure::WrongCall;
use crate::load::{File, Given, check_signing, refuse_on};
use crate::mint::{Wish, mint, now, parse_grant, parse_time, time_text};
use crate::output;

/// Mint a user's token, or explain one
///
/// Signs with auth.jwt_secret (HS256). In production your own back end does this with the same secret; this is for
/// trying things and for scripts.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings token --user ada --role admin --room 'order_*' --ttl 15m
  TOKEN=$(tidings token --user ada -q)
  tidings token --check eyJhbGciOi…")]
pub(crate) struct Token {
    #[command(flatten)]
    file: File,
    /// Whom the token speaks for
    #[arg(short, long, value_name = "USER", required_unless_present = "check")]
    user: Option<UserId>,
    /// A role of the user; may be repeated
    #[arg(short, long = "role", value_name = "ROLE")]
    roles: Vec<Role>,
    /// A room that the token opens, 'order_7' or 'order_*'; may be repeated
    #[arg(long = "room", value_name = "ROOM", value_parser = parse_grant)]
    rooms: Vec<String>,
    /// How long it is good for
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_time)]
    ttl: Duration,
    /// Print only the token
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
    /// Explain this token instead: what it says, and whether it verifies; - reads it from standard input
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["user", "roles", "rooms", "ttl", "quiet"])]
    check: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Token {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let loaded = given.load(&self.file)?;
        match (self.check, self.user) {
            (Some(token), _) => check(&loaded.settings, &token, self.json),
            (None, Some(user)) => {
                // No server would take what such a secret signed.
                refuse_on(check_signing(&loaded))?;
                let wish = Wish { user, roles: self.roles, rooms: self.rooms, ttl: self.ttl };
                let token = mint(&loaded.settings.auth, &wish)?;
                print(&token, &wish, self.quiet, self.json)?;
                Ok(ExitCode::SUCCESS)
            }
            (None, None) => Err(WrongCall::new("give --user NAME or --check TOKEN").into()),
        }
    }
}

fn print(token: &str, wish: &Wish, quiet: bool, as_json: bool) -> anyhow::Result<()> {
    let ends = Timestamp::from_millis(now().millis().saturating_add(wish.ttl.as_millis() as u64));
    if as_json {
        return output::json(&json!({
            "token": token, "user": wish.user, "roles": wish.roles, "rooms": wish.rooms, "expires_at": ends,
        }));
    }
    // Standard output has the token alone in either case, so that it can be piped; the rest is for people.
    if !quiet {
        let list = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let roles = list(wish.roles.iter().map(Role::as_str).collect());
        let rooms = list(wish.rooms.iter().map(String::as_str).collect());
        let ttl = time_text(wish.ttl.as_secs());
        output::note(format_args!(
            "user {}, roles {roles}, rooms {rooms}, ends {ends} (in {ttl})",
            wish.user
        ));
    }
    output::line(token)?;
    Ok(())
}

fn check(settings: &Settings, token: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut read = String::new();
    let token = if token == "-" {
        std::io::stdin()
            .take(64 * 1024)
            .read_to_string(&mut read)
            .context("standard input cannot be read")?;
        read.trim()
    } else {
        token.trim()
    };
    let explanation = explain::Explanation::of(settings, token, now())?;
    if as_json {
        output::json(&explanation.to_json())?;
    } else {
        output::text(&explanation.to_string())?;
    }
    Ok(if explanation.verifies() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
