//! The acknowledgements, on disk before they count.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Instant,
};

use tokio::sync::oneshot;

use super::Key;

/// What the server said about one publish.
#[derive(Clone, Debug)]
pub(crate) struct Ack {
    pub(crate) key: Key,
    pub(crate) room: usize,
    pub(crate) offset: u64,
    pub(crate) id: String,
    /// When the answer came.
    pub(crate) at: Instant,
}

/// A file that is synced before an acknowledgement counts; those that come together share a sync.
#[derive(Clone)]
pub(crate) struct Book {
    entries: mpsc::Sender<(Ack, oneshot::Sender<()>)>,
    acks: Arc<Mutex<Vec<Ack>>>,
    count: Arc<AtomicUsize>,
}

impl Book {
    pub(crate) fn open(path: &Path) -> Self {
        let mut file = File::create(path).unwrap();
        let (entries, received) = mpsc::channel::<(Ack, oneshot::Sender<()>)>();
        let (acks, count) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (kept, counted) = (acks.clone(), count.clone());
        std::thread::spawn(move || {
            while let Ok(first) = received.recv() {
                let batch: Vec<_> = std::iter::once(first).chain(received.try_iter()).collect();
                let line = |(ack, _): &(Ack, _)| {
                    format!("{} {} {} {}\n", ack.id, super::room(ack.room), ack.offset, ack.key)
                };
                file.write_all(batch.iter().map(line).collect::<String>().as_bytes()).unwrap();
                file.sync_data().unwrap();
                for (ack, written) in batch {
                    kept.lock().unwrap().push(ack);
                    counted.fetch_add(1, Ordering::Release);
                    let _ = written.send(());
                }
            }
        });
        Self { entries, acks, count }
    }

    /// Ready when it is on disk and counts.
    pub(crate) async fn enter(&self, ack: Ack) {
        let (written, done) = oneshot::channel();
        self.entries.send((ack, written)).unwrap();
        done.await.unwrap();
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(crate) fn acks(&self) -> Vec<Ack> {
        self.acks.lock().unwrap().clone()
    }

    /// When the first answer behind a moment came.
    pub(crate) fn first_after(&self, moment: Instant) -> Option<Instant> {
        self.acks.lock().unwrap().iter().map(|ack| ack.at).filter(|at| *at > moment).min()
    }

    /// The highest acknowledged offset of each room.
    pub(crate) fn heads(&self, rooms: usize) -> Vec<u64> {
        let mut heads = vec![0; rooms];
        for ack in self.acks.lock().unwrap().iter() {
            heads[ack.room] = heads[ack.room].max(ack.offset);
        }
        heads
    }
}
