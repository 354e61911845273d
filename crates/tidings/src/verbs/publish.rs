//! `tidings publish`: publishes as a back end does.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tidings_protocol::http::{PublishRequest, PublishResponse, TargetFields};
use tidings_protocol::{EventType, Json};

use crate::client::{DEFAULT_URL, Server, api_key};
use crate::failure::WrongCall;
use crate::load::{File, Given};
use crate::output;

/// Publish an event, as a back end does
///
/// The data is any JSON value: the last argument, or standard input when that is - or left out. At a terminal, without either, the entry has no
/// data: null. Standard input that is empty is an error, since a command before it may have failed: say null where that is meant.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings publish room:order_123 order.updated '{\"id\":1}'
  tidings publish user:ada greeting '\"hello\"'
  jq -c .order order.json | tidings publish role:admin order.created")]
pub(crate) struct Publish {
    #[command(flatten)]
    file: File,
    /// For whom: room:NAME, user:NAME, role:NAME or everyone
    #[arg(value_name = "TARGET", value_parser = parse_target)]
    to: TargetFields,
    /// What happened, order.updated
    #[arg(value_name = "TYPE")]
    event: EventType,
    /// Any JSON value; - or nothing reads standard input; nothing, at a terminal, is null
    #[arg(value_name = "DATA")]
    data: Option<String>,
    /// Where the server is
    #[arg(long, env = "TIDINGS_URL", default_value = DEFAULT_URL, value_name = "URL")]
    url: Server,
    /// The back end's key; without it, the first of auth.api_keys, or that of a `tidings dev` on this machine
    #[arg(long, env = "TIDINGS_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
    /// Published once, however often it is sent with this key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
}

impl Publish {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let data = match self.data.as_deref() {
            None | Some("-") => from_stdin(self.data.is_none())?,
            Some(data) => data.to_owned(),
        };
        let data: Json = serde_json::from_str(&data).map_err(|error| {
            WrongCall::new(format!("the data is no JSON: {error}. A text needs its own quotes: '\"hello\"'"))
        })?;
        let settings = given.load(&self.file)?.settings;
        let key = api_key(self.api_key, &settings.auth, &self.url)?;
        let request = PublishRequest { to: self.to, r#type: self.event, data, except: None, receipts: None };
        let headers: Vec<_> =
            self.idempotency_key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
        let answer = self.url.post("/v1/publish", &key, &headers, &serde_json::to_vec(&request)?)?;
        let published: PublishResponse =
            serde_json::from_slice(&answer).context("the server's answer is none to a publish")?;
        if self.json {
            output::json(&published)?;
        } else {
            output::line(describe(&request, &published))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn from_stdin(silently: bool) -> anyhow::Result<String> {
    // Someone at a terminal who left the data out should not wait for an end of input that they do not know of.
    if silently && std::io::stdin().is_terminal() {
        return Ok("null".to_owned());
    }
    let mut data = String::new();
    std::io::stdin().read_to_string(&mut data).context("standard input cannot be read")?;
    if data.trim().is_empty() {
        let message = "no data: standard input is empty. Give it as the last argument, or null for none";
        return Err(WrongCall::new(message).into());
    }
    Ok(data)
}

/// Reads `room:order_123`, `user:ada`, `role:admin` or `everyone`.
pub(super) fn parse_target(text: &str) -> Result<TargetFields, String> {
    let mut target = TargetFields::default();
    match text.split_once(':') {
        Some(("room", room)) => target.room = Some(room.parse().map_err(said)?),
        Some(("user", user)) => target.user = Some(user.parse().map_err(said)?),
        Some(("role", role)) => target.role = Some(role.parse().map_err(said)?),
        None if text == "everyone" => target.everyone = Some(true),
        _ => return Err("expected room:NAME, user:NAME, role:NAME or everyone".to_owned()),
    }
    Ok(target)
}

fn said(error: tidings_protocol::name::InvalidName) -> String {
    error.to_string()
}

fn describe(request: &PublishRequest, published: &PublishResponse) -> String {
    let to = &request.to;
    let target = if let Some(room) = &to.room {
        format!("room {room}")
    } else if let Some(user) = &to.user {
        format!("user {user}")
    } else if let Some(role) = &to.role {
        format!("role {role}")
    } else {
        "everyone".to_owned()
    };
    let offset = published.offset.map(|offset| format!(" at offset {offset}")).unwrap_or_default();
    let (users, connections) = (published.reached.users, published.reached.connections);
    let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    format!(
        "published {} to {target}{offset}, as {}; reached {} on {}",
        request.r#type,
        published.id,
        many(users, "user"),
        many(connections, "connection")
    )
}
