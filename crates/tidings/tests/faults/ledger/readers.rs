//! Clients that follow all rooms, come back where they left off, and write down what they get.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::{net::TcpStream, sync::watch, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::{Key, room};

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// What others may look at while a reader reads.
pub(crate) struct Progress {
    /// The last offset of each room.
    pub(crate) reached: Vec<AtomicU64>,
    /// How many answers to joins came.
    pub(crate) joins: AtomicUsize,
}

impl Progress {
    pub(crate) fn new(rooms: usize) -> Self {
        let reached = (0..rooms).map(|_| AtomicU64::new(0)).collect();
        Self { reached, joins: AtomicUsize::new(0) }
    }

    pub(crate) fn has(&self, heads: &[u64]) -> bool {
        self.reached.iter().zip(heads).all(|(reached, head)| reached.load(Ordering::Acquire) >= *head)
    }
}

/// What one reader has of one room.
#[derive(Default)]
pub(crate) struct Track {
    epoch: Option<String>,
    last: u64,
    /// Offset and key, in the order in which they came.
    pub(crate) heard: Vec<(u64, Key)>,
}

/// What a reader saw over all its connections.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) rooms: Vec<Track>,
    pub(crate) duplicates: usize,
    pub(crate) disorder: usize,
    /// Offsets that were left out without a word.
    pub(crate) gaps: usize,
    /// Joins that were told that not all can be had.
    pub(crate) told: usize,
    /// How its connections ended.
    pub(crate) ends: Vec<String>,
    /// What the server should not have said.
    pub(crate) wrong: Vec<String>,
}

impl Journal {
    pub(crate) fn hear(&mut self, room: usize, offset: u64, key: Key) {
        let track = &mut self.rooms[room];
        match offset {
            _ if offset == track.last => self.duplicates += 1,
            _ if offset < track.last => self.disorder += 1,
            _ => self.gaps += (offset - track.last - 1) as usize,
        }
        track.last = track.last.max(offset);
        track.heard.push((offset, key));
    }
}

#[derive(Deserialize)]
struct Heard<'a> {
    r#type: &'a str,
    room: Option<&'a str>,
    offset: Option<u64>,
    reply_to: Option<usize>,
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
    code: Option<&'a str>,
}

#[derive(Deserialize)]
struct Data {
    key: Key,
}

#[derive(Deserialize)]
struct JoinedRoom {
    epoch: String,
    offset: u64,
    recovered: bool,
}

pub(crate) struct Reader {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    pub(crate) progress: Arc<Progress>,
    pub(crate) is_over: watch::Receiver<bool>,
    pub(crate) journal: Journal,
}

impl Reader {
    pub(crate) fn new(
        address: SocketAddr,
        token: String,
        progress: Arc<Progress>,
        is_over: watch::Receiver<bool>,
    ) -> Self {
        let rooms = progress.reached.iter().map(|_| Track::default()).collect();
        Self { address, token, progress, is_over, journal: Journal { rooms, ..Journal::default() } }
    }

    /// Reads until it is over.
    pub(crate) async fn read(mut self) -> Journal {
        let mut is_over = self.is_over.clone();
        tokio::select! {
            () = self.follow() => unreachable!("it follows for ever"),
            _ = is_over.wait_for(|is_over| *is_over) => {}
        }
        self.journal
    }

    async fn follow(&mut self) {
        loop {
            if let Ok(Some(mut stream)) = timeout(CONNECT_MAX, self.connect()).await {
                let end = self.listen(&mut stream).await;
                self.journal.ends.push(end);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn connect(&self) -> Option<WebSocketStream<TcpStream>> {
        let mut request = format!("ws://{}/v1/ws", self.address).into_client_request().unwrap();
        let token = HeaderValue::from_str(&format!("Bearer {}", self.token)).unwrap();
        request.headers_mut().insert("authorization", token);
        let socket = TcpStream::connect(self.address).await.ok()?;
        let (mut stream, _) = tokio_tungstenite::client_async(request, socket).await.ok()?;
        for (number, track) in self.journal.rooms.iter().enumerate() {
            let mut join = json!({ "type": "join_room", "room": room(number), "id": number });
            if let Some(epoch) = &track.epoch {
                join["since"] = json!({ "epoch": epoch, "offset": track.last });
            }
            stream.feed(Message::text(join.to_string())).await.ok()?;
        }
        stream.flush().await.ok()?;
        Some(stream)
    }

    /// Until the connection ends, or a room cannot be joined now; which of these it was.
    async fn listen(&mut self, stream: &mut WebSocketStream<TcpStream>) -> String {
        loop {
            let text = match stream.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(Some(close)))) => return format!("{} {}", close.code, close.reason),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return error.to_string(),
                None => return "the end of the stream".to_owned(),
            };
            let heard: Heard<'_> = serde_json::from_str(&text).unwrap();
            match (heard.r#type, heard.data) {
                ("ledger", Some(data)) => self.take(&heard, data.get()),
                ("joined_room", Some(data)) => {
                    let joined: JoinedRoom = serde_json::from_str(data.get()).unwrap();
                    self.joined(heard.reply_to.unwrap(), joined);
                }
                ("error", _) if heard.code == Some("unavailable") => return text.to_string(),
                ("error", _) => self.journal.wrong.push(text.to_string()),
                _ => {}
            }
        }
    }

    fn joined(&mut self, number: usize, joined: JoinedRoom) {
        let track = &mut self.journal.rooms[number];
        if track.epoch.is_some() && !joined.recovered {
            self.journal.told += 1;
        }
        if track.epoch.is_none() || !joined.recovered {
            track.last = joined.offset;
            self.progress.reached[number].store(joined.offset, Ordering::Release);
        }
        track.epoch = Some(joined.epoch);
        self.progress.joins.fetch_add(1, Ordering::Release);
    }

    fn take(&mut self, heard: &Heard<'_>, data: &str) {
        let number: usize = heard.room.unwrap().strip_prefix("ledger_").unwrap().parse().unwrap();
        let (offset, Data { key }) = (heard.offset.unwrap(), serde_json::from_str(data).unwrap());
        self.journal.hear(number, offset, key);
        self.progress.reached[number].store(self.journal.rooms[number].last, Ordering::Release);
    }
}
