//! Back ends that publish over HTTP, each with a key of its own, and with the same key again until there is an answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::{
    Key,
    book::{Ack, Book},
    room,
};
use crate::harness::read_response;

/// How long an answer is waited for. The server owes a refusal within two seconds.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Pause of a back end that was refused.
const PAUSE: Duration = Duration::from_millis(20);

/// What the writers of one run share.
pub(crate) struct Desk {
    pub(crate) address: SocketAddr,
    pub(crate) api_key: String,
    pub(crate) rooms: usize,
    /// Bytes of text beside each key.
    pub(crate) padding: usize,
    pub(crate) book: Book,
    /// No new keys; those under way are still brought to an end.
    pub(crate) is_over: AtomicBool,
    pub(crate) seen: Seen,
}

/// What became of requests beside acknowledgements.
#[derive(Default)]
pub(crate) struct Seen {
    /// Answered with `unavailable`.
    pub(crate) refused: AtomicUsize,
    /// The connection ended before there was an answer, or nobody listened.
    pub(crate) unanswered: AtomicUsize,
    /// Longest time to an answer, whichever it was.
    pub(crate) longest: Mutex<Duration>,
    /// Answers that nobody should get.
    pub(crate) wrong: Mutex<Vec<String>>,
    /// The details of refusals, each once.
    pub(crate) details: Mutex<std::collections::BTreeSet<String>>,
}

enum Outcome {
    Acknowledged { id: String, offset: u64 },
    Refused,
    Unanswered,
}

/// Publishes until it is over.
pub(crate) async fn write(desk: Arc<Desk>, writer: usize) {
    let mut connection = None;
    for number in 0.. {
        if desk.is_over.load(Ordering::Relaxed) {
            return;
        }
        let key = (writer as Key) << 32 | number;
        let to = (writer + number as usize) % desk.rooms;
        loop {
            match publish(&desk, &mut connection, key, to).await {
                Outcome::Acknowledged { id, offset } => {
                    desk.book.enter(Ack { key, room: to, offset, id, at: Instant::now() }).await;
                    break;
                }
                Outcome::Refused => desk.seen.refused.fetch_add(1, Ordering::Relaxed),
                Outcome::Unanswered => {
                    connection = None;
                    desk.seen.unanswered.fetch_add(1, Ordering::Relaxed)
                }
            };
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn publish(desk: &Desk, connection: &mut Option<TcpStream>, key: Key, to: usize) -> Outcome {
    if connection.is_none() {
        *connection = TcpStream::connect(desk.address).await.ok();
    }
    let Some(stream) = connection else { return Outcome::Unanswered };
    let data = json!({ "key": key, "padding": "x".repeat(desk.padding) });
    let body = json!({ "to": { "room": room(to) }, "type": "ledger", "data": data }).to_string();
    let request = format!(
        "POST /v1/publish HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: key-{key}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        desk.address,
        desk.api_key,
        body.len()
    );
    let since = Instant::now();
    if stream.write_all(request.as_bytes()).await.is_err() {
        return Outcome::Unanswered;
    }
    let answer = timeout(ANSWER_MAX, read_response(stream)).await;
    let Ok(Some(answer)) = answer else {
        if answer.is_err() {
            desk.seen.wrong.lock().unwrap().push(format!("no answer within {ANSWER_MAX:?}"));
        }
        return Outcome::Unanswered;
    };
    let mut longest = desk.seen.longest.lock().unwrap();
    *longest = since.elapsed().max(*longest);
    drop(longest);
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, said["id"].as_str(), said["offset"].as_u64()) {
        (202, Some(id), Some(offset)) => Outcome::Acknowledged { id: id.to_owned(), offset },
        (503 | 507, ..) if said["code"] == "unavailable" => {
            desk.seen.details.lock().unwrap().insert(said["detail"].as_str().unwrap_or_default().to_owned());
            Outcome::Refused
        }
        _ => {
            desk.seen.wrong.lock().unwrap().push(format!("{} {}", answer.status, answer.text()));
            Outcome::Refused
        }
    }
}
