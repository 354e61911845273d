//! `tidings listen`: prints entries as they come, one JSON object a line.

mod credentials;
mod positions;
mod session;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use tidings_protocol::{Role, RoomName, UserId};

use self::credentials::Credentials;
use self::positions::Positions;
use self::session::{Ended, Session};
use crate::client::{DEFAULT_URL, Server, unreachable_at};
use crate::failure::WrongCall;
use crate::load::{File, Given};
use crate::output::note;

/// Print entries as they come, one JSON object a line
///
/// Without a target: what is published to everyone. When the connection is lost it comes back, and what was missed
/// follows, where the room keeps it. Ctrl-C ends it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings listen room:order_123
  tidings listen user:ada | jq .type
  tidings listen room:orders room:issues --role support")]
pub(crate) struct Listen {
    #[command(flatten)]
    file: File,
    /// What to listen to: room:NAME, as often as wanted, and at most one user:NAME
    #[arg(value_name = "TARGET", value_parser = parse_target)]
    targets: Vec<Target>,
    /// A role to listen with; may be repeated
    #[arg(long = "role", value_name = "ROLE", conflicts_with = "token")]
    roles: Vec<Role>,
    /// Where the server is
    #[arg(long, env = "TIDINGS_URL", default_value = DEFAULT_URL, value_name = "URL")]
    url: Server,
    /// A user's token; without it one is made with auth.jwt_secret, or by a `tidings dev` on this machine
    #[arg(long, env = "TIDINGS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
}

#[derive(Clone)]
enum Target {
    Room(RoomName),
    User(UserId),
}

/// Who listens when nobody was named.
const NOBODY_IN_PARTICULAR: &str = "tidings-listen";
/// The longest wait before trying again, and the first one; each is drawn between nothing and itself.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const FIRST_WAIT: Duration = Duration::from_secs(1);

impl Listen {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let (mut rooms, mut users) = (Vec::new(), Vec::new());
        for target in self.targets {
            match target {
                Target::Room(room) if rooms.contains(&room) => {}
                Target::Room(room) => rooms.push(room),
                Target::User(user) => users.push(user),
            }
        }
        if users.len() > 1 {
            return Err(WrongCall::new("a connection is one user's: give user:NAME once").into());
        }
        let user = users.pop();
        let credentials = match self.token {
            Some(token) => Credentials::Token(token),
            None => {
                let name = user.clone().map_or_else(|| UserId::parse(NOBODY_IN_PARTICULAR), Ok);
                Credentials::made(
                    given,
                    &self.file,
                    &self.url,
                    name.map_err(WrongCall::new)?,
                    self.roles,
                    &rooms,
                )?
            }
        };
        // What is for the user is printed where that was asked for; the connection hears it in any case.
        let personal = user.is_some() || rooms.is_empty();
        let session = Session { server: self.url, user, personal };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            tokio::select! {
                ended = stay(&session, &credentials, Positions::new(rooms)) => ended.map(|()| ExitCode::SUCCESS),
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted.context("signals cannot be listened to")?;
                    Ok(ExitCode::SUCCESS)
                }
            }
        })
    }
}

/// Connects again and again. Ends only with an error that another attempt would not cure.
async fn stay(session: &Session, credentials: &Credentials, mut positions: Positions) -> anyhow::Result<()> {
    let mut attempt = 0;
    let mut connected_once = false;
    loop {
        let ended = session.run(&credentials.token(&session.server)?, &mut positions).await?;
        let (wait, why) = match ended {
            // A first attempt that fails is more likely a wrong address than a server that restarts.
            Ended::NotReached(why) if !connected_once => {
                return Err(anyhow!(why).context(unreachable_at(&session.server.websocket(""))));
            }
            Ended::NotReached(why) => (jitter(attempt), why),
            Ended::TokenRefused(why) if !credentials.renewable() || !positions.greeted() => {
                return Err(anyhow!("the token was refused: {why}. `tidings token --check` explains tokens"));
            }
            Ended::Lost { why, after } => {
                connected_once = true;
                attempt = if positions.greeted() { 0 } else { attempt };
                (after.unwrap_or_else(|| jitter(attempt)), why)
            }
            Ended::TokenRefused(why) => (jitter(attempt), why),
        };
        positions.disconnected();
        attempt += 1;
        note(format_args!("{why}; connecting again in {:.1} s", wait.as_secs_f64()));
        tokio::time::sleep(wait).await;
    }
}

/// A random part of a wait that doubles: a thousand clients of a server that restarts must not come back together.
fn jitter(attempt: u32) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << attempt.min(10)).min(LONGEST_WAIT);
    longest.mul_f64(rand::random::<f64>())
}

fn parse_target(text: &str) -> Result<Target, String> {
    match text.split_once(':') {
        Some(("room", room)) => room.parse().map(Target::Room).map_err(|wrong| wrong.to_string()),
        Some(("user", user)) => user.parse().map(Target::User).map_err(|wrong| wrong.to_string()),
        _ => Err("expected room:NAME or user:NAME".to_owned()),
    }
}
