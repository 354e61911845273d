//! `tidings notify`: notifies users as a back end does.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tidings_protocol::http::{NotifyRequest, NotifyResponse, TargetFields};
use tidings_protocol::notification::Severity;
use tidings_protocol::{Json, Timestamp};

use super::publish::parse_target;
use crate::client::{DEFAULT_URL, Server, api_key};
use crate::failure::WrongCall;
use crate::load::{File, Given};
use crate::output::{self, many};

/// Notify users, as a back end does: whoever is away finds it later
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings notify user:ada \"Order shipped\"
  tidings notify role:support \"Printer on fire\" --severity error --category printer --url /tickets/7
  tidings notify everyone \"Closed tonight\" --send-at 2026-11-24T18:00:00Z --expires-at 2026-11-25T06:00:00Z")]
pub(crate) struct Notify {
    #[command(flatten)]
    file: File,
    /// For whom: user:NAME, room:NAME (its members), role:NAME or everyone
    #[arg(value_name = "TARGET", value_parser = parse_target)]
    to: TargetFields,
    /// One line
    title: String,
    /// More words
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// How much it matters: info, success, warning or error
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<Severity>,
    /// What it is about, in your words
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// What it opens: an address, or a path of your application
    #[arg(long = "url", value_name = "ADDRESS")]
    link: Option<String>,
    /// Any JSON value of your own
    #[arg(long, value_name = "JSON")]
    data: Option<String>,
    /// While whom it is for has one with this key, nothing is added
    #[arg(long, value_name = "KEY")]
    dedupe_key: Option<String>,
    /// When it is sent, as 2026-11-24T18:00:00Z
    #[arg(long, value_name = "TIME")]
    send_at: Option<Timestamp>,
    /// When it is gone, read or not
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    /// Where the server is: `--url` is the notification's own
    #[arg(long, env = "TIDINGS_URL", default_value = DEFAULT_URL, value_name = "URL")]
    server: Server,
    /// The back end's key; without it, the first of auth.api_keys, or that of a `tidings dev` on this machine
    #[arg(long, env = "TIDINGS_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
    /// Sent once, however often it is asked for with this key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
}

impl Notify {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let data = self.data.as_deref().map(serde_json::from_str::<Json>).transpose().map_err(|error| {
            WrongCall::new(format!("the data is no JSON: {error}. A text needs its own quotes: '\"hello\"'"))
        })?;
        let settings = given.load(&self.file)?.settings;
        let key = api_key(self.api_key, &settings.auth, &self.server)?;
        let request = NotifyRequest {
            to: self.to,
            title: self.title,
            message: self.message,
            severity: self.severity,
            category: self.category,
            data,
            url: self.link,
            dedupe_key: self.dedupe_key,
            send_at: self.send_at,
            expires_at: self.expires_at,
            ..NotifyRequest::default()
        };
        let headers: Vec<_> =
            self.idempotency_key.iter().map(|key| ("idempotency-key", key.as_str())).collect();
        let answer = self.server.post("/v1/notifications", &key, &headers, &serde_json::to_vec(&request)?)?;
        let sent: NotifyResponse =
            serde_json::from_slice(&answer).context("the server's answer is none to a notification")?;
        match self.json {
            true => output::json(&sent)?,
            false => output::line(describe(&sent))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(sent: &NotifyResponse) -> String {
    if sent.deduplicated {
        return format!("nothing added: {} with this key is there already", sent.id);
    }
    if let Some(at) = sent.scheduled_for {
        return format!("{} will be sent at {at}", sent.id);
    }
    let (users, connections) = (sent.reached.users as u64, sent.reached.connections as u64);
    format!("notified as {}; told {} on {}", sent.id, many(users, "user"), many(connections, "connection"))
}
