//! A session in a process of its own, told what to do over its standard input, one JSON object a line.
//!
//! The comparing run keeps several servers and their clients up at once. One process could not hold all the clients' sockets
//! (limits on open files are per process), and clients in separate processes share no cache lines with each other.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::process;
use crate::session::{Connected, Load, Measured, Missed, Recovered, Rooms, Session};
use crate::target::Target;

/// The command of this package's binary that runs [`run`].
pub(crate) const VERB: &str = "drive";

/// What a driver is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    Connect { count: usize, rooms: Rooms },
    Disconnect,
    Recover(Missed),
    Settle,
    Load(Load),
    Stall(usize),
    Unstall(usize),
    StalledEnds,
}

/// What it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Connected(Connected),
    Recovered(Recovered),
    /// Resident bytes of the server.
    Resident(u64),
    Measured(Measured),
    /// Close codes and how many connections ended with each.
    Ends(Vec<(u16, u64)>),
    Failed(String),
}

/// Does what standard input says until it ends.
///
/// # Errors
///
/// The first line is no target, or standard output is gone. What fails within an order is an answer.
pub fn run() -> Result<(), Error> {
    let mut first = String::new();
    std::io::stdin().read_line(&mut first).map_err(Error::io("standard input"))?;
    let target: Target =
        serde_json::from_str(&first).map_err(|error| Error::Usage(format!("target: {error}")))?;
    let mut session = Session::new(target)?;
    let (sender, orders) = mpsc::channel();
    let waker = session.waker()?;
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() || waker.wake().is_err() {
                return;
            }
        }
        drop(sender);
        // Nobody is left to tell when this fails.
        let _ = waker.wake();
    });
    loop {
        match orders.try_recv() {
            Ok(line) => {
                let answer = match serde_json::from_str(&line) {
                    Ok(order) => {
                        obey(&mut session, order).unwrap_or_else(|error| Answer::Failed(error.to_string()))
                    }
                    Err(error) => Answer::Failed(error.to_string()),
                };
                write_line(&mut std::io::stdout(), &answer)?;
            }
            Err(mpsc::TryRecvError::Empty) => session.attend(None)?,
            Err(mpsc::TryRecvError::Disconnected) => return Ok(()),
        }
    }
}

fn obey(session: &mut Session, order: Order) -> Result<Answer, Error> {
    Ok(match order {
        Order::Connect { count, rooms } => Answer::Connected(session.connect(count, rooms)?),
        Order::Disconnect => session.disconnect().map(|()| Answer::Done)?,
        Order::Recover(missed) => Answer::Recovered(session.recover(&missed)?),
        Order::Settle => Answer::Resident(session.settle()?.unwrap_or(0)),
        Order::Load(load) => Answer::Measured(session.load(load)?),
        Order::Stall(count) => session.stall(count).map(|()| Answer::Done)?,
        Order::Unstall(count) => session.unstall(count).map(|()| Answer::Done)?,
        Order::StalledEnds => Answer::Ends(session.stalled_ends()?),
    })
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Error> {
    let mut line = serde_json::to_string(value).map_err(|error| Error::Usage(error.to_string()))?;
    line.push('\n');
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).map_err(Error::io("the driver's pipe"))
}

/// The other end: a driver that this run started. Ended when dropped.
pub(crate) struct Driver {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Driver {
    /// Starts a driver for a server.
    pub(crate) fn start(target: &Target) -> Result<Self, Error> {
        let own = std::env::current_exe().map_err(Error::io("own program"))?;
        let mut command = Command::new(own);
        command.arg(VERB).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io("starting a driver"))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Usage("a driver without pipes".to_owned()));
        };
        let mut driver = Self { child, orders, answers: BufReader::new(answers) };
        write_line(&mut driver.orders, target)?;
        Ok(driver)
    }

    /// Gives an order and waits for the answer.
    pub(crate) fn order(&mut self, order: Order) -> Result<Answer, Error> {
        write_line(&mut self.orders, &order)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(Error::io("the driver's answer"))?;
        match serde_json::from_str(&line) {
            Ok(Answer::Failed(why)) => Err(Error::Refused(format!("{why} (after {order:?})"))),
            Ok(answer) => Ok(answer),
            Err(_) => Err(Error::Refused(format!("the driver ended without an answer to {order:?}"))),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        process::end(&mut self.child);
    }
}
