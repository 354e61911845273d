//! Writers and readers around a fault.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::{
    Verdict,
    book::Book,
    readers::{Journal, Progress, Reader},
    store::Truth,
    writers::{Desk, Seen, write},
};
use crate::harness::{Server, random_hex, token_with, until};

/// How long writers may take to be acknowledged, and readers to have all, when all is well again.
const END_MAX: Duration = Duration::from_secs(60);

/// How many, and what.
pub(crate) struct Load {
    pub(crate) writers: usize,
    pub(crate) readers: usize,
    pub(crate) rooms: usize,
    /// Bytes of text beside each key.
    pub(crate) padding: usize,
}

/// A load that runs.
pub(crate) struct Run {
    rooms: usize,
    desk: Arc<Desk>,
    writing: JoinSet<()>,
    reading: JoinSet<Journal>,
    progress: Vec<Arc<Progress>>,
    end: watch::Sender<bool>,
    book: PathBuf,
}

/// How quickly all was well again, counted from the fault.
pub(crate) struct Recovery {
    pub(crate) first_ack: Duration,
    /// When so many per cent of the readers had what was acknowledged first: 50, 99, 100.
    pub(crate) current: [Duration; 3],
}

impl Load {
    /// Begins; when this returns all readers follow all rooms.
    pub(crate) async fn start(self, server: &Server) -> Run {
        let Self { writers, readers, rooms, padding } = self;
        let book = std::env::temp_dir().join(format!("tidings-ledger-{}", random_hex(8)));
        let (end, is_over) = watch::channel(false);
        let progress: Vec<_> = (0..readers).map(|_| Arc::new(Progress::new(rooms))).collect();
        let mut reading = JoinSet::new();
        for (number, progress) in progress.iter().enumerate() {
            // Longer than any jump of a clock in these tests.
            let claims = json!({ "exp": std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() + 1_000_000 });
            let token = token_with(server, &format!("reader{number}"), claims);
            let reader = Reader::new(server.address, token, progress.clone(), is_over.clone());
            reading.spawn(reader.read());
        }
        until("all readers follow", END_MAX, async || {
            progress.iter().all(|progress| progress.joins.load(Ordering::Acquire) >= rooms)
        })
        .await;
        let desk = Arc::new(Desk {
            address: server.address,
            api_key: server.api_key.clone(),
            rooms,
            padding,
            book: Book::open(&book),
            is_over: AtomicBool::new(false),
            seen: Seen::default(),
        });
        let mut writing = JoinSet::new();
        for writer in 0..writers {
            writing.spawn(write(desk.clone(), writer));
        }
        Run { rooms, desk, writing, reading, progress, end, book }
    }
}

impl Run {
    /// Waits for so many acknowledgements more.
    pub(crate) async fn acknowledged(&self, more: usize) {
        let wanted = self.count() + more;
        until("acknowledgements", END_MAX, async || self.count() >= wanted).await;
    }

    pub(crate) fn count(&self) -> usize {
        self.desk.book.count()
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.desk.seen
    }

    /// Waits until there are acknowledgements and current readers again; counted from `since`, which was behind the fault's beginning.
    pub(crate) async fn recovery(&self, since: Instant) -> Recovery {
        until("an acknowledgement", END_MAX, async || self.desk.book.first_after(since).is_some()).await;
        let first_ack = self.desk.book.first_after(since).unwrap().duration_since(since);
        let heads = self.desk.book.heads(self.rooms);
        let mut current = Vec::new();
        let mut behind: Vec<_> = self.progress.iter().collect();
        until("readers are current", END_MAX, async || {
            behind.retain(|progress| !progress.has(&heads));
            current.resize(self.progress.len() - behind.len(), since.elapsed());
            behind.is_empty()
        })
        .await;
        let at = |per_cent: usize| current[(current.len() * per_cent).div_ceil(100).max(1) - 1];
        Recovery { first_ack, current: [at(50), at(99), at(100)] }
    }

    /// Lets everything that is under way come to its end, and stops.
    pub(crate) async fn end(mut self) -> Ended {
        self.desk.is_over.store(true, Ordering::Relaxed);
        let written = async { while self.writing.join_next().await.is_some() {} };
        tokio::time::timeout(END_MAX, written).await.expect("writers are still not answered");
        let heads = self.desk.book.heads(self.rooms);
        // Whoever does not get there has lost something, and the books will say what.
        let end = Instant::now() + END_MAX;
        while !self.progress.iter().all(|progress| progress.has(&heads)) && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What comes twice or should not come has time to come.
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.end.send_replace(true);
        let mut journals = Vec::new();
        while let Some(journal) = self.reading.join_next().await {
            journals.push(journal.unwrap());
        }
        let _ = std::fs::remove_file(&self.book);
        Ended { desk: self.desk, journals }
    }
}

/// A load that is over.
pub(crate) struct Ended {
    desk: Arc<Desk>,
    journals: Vec<Journal>,
}

impl Ended {
    /// Panics when a reader lost its connection; with how they were lost.
    pub(crate) fn kept_all_sockets(&self) {
        let ends: Vec<_> = self.journals.iter().flat_map(|journal| &journal.ends).collect();
        let different: std::collections::BTreeSet<_> = ends.iter().collect();
        assert!(ends.is_empty(), "{} sockets were dropped: {different:?}", ends.len());
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.desk.seen
    }

    /// Compares with the store; panics when anything was said that should not have been, and when the books differ.
    pub(crate) fn settle(&self, truth: &Truth) -> Verdict {
        let wrong = self.desk.seen.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "wrong answers to writers: {wrong:?}");
        for journal in &self.journals {
            assert!(journal.wrong.is_empty(), "a reader was told {:?}", journal.wrong);
        }
        let verdict = Verdict::of(&self.desk.book.acks(), truth, &self.journals);
        assert!(verdict.is_clean(), "{verdict}");
        verdict
    }
}

/// `1.25 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
