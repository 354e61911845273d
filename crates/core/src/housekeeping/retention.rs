//! Letting go of what is too old, room by room, as the settings say now: what they said when it was written does not matter.

use std::{fmt, future::poll_fn, task::Poll, time::Duration};

use serde::Serialize;
use tidings_protocol::{Epoch, Offset, Timestamp};
use tidings_settings::Keep;

use super::{
    Archive,
    age::{Ages, ages},
};
use crate::{
    Clock, Kinds, Monotonic, RoomKey, Store, StoreError,
    store::{Page, RoomRecord},
};

/// Rooms that are asked for at once.
const ROOMS: usize = 200;
/// Entries that are read, and forgotten, at once: a store is not kept from others for longer.
const PIECE: usize = 500;
/// Entries that are archived before those of them that are safe are forgotten.
const SEAL_AFTER: u64 = 50_000;

/// One run through all rooms.
pub struct Retention<'a> {
    /// What is looked through.
    pub store: &'a dyn Store,
    /// What of it is kept.
    pub kinds: &'a Kinds,
    /// How old it is.
    pub clock: &'a dyn Clock,
    /// Where it goes before it is forgotten.
    pub archive: Option<&'a mut dyn Archive>,
    /// When the run stops, whether it is through or not.
    pub until: Monotonic,
}

/// What a run did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Rooms that were looked at.
    pub rooms: u64,
    /// Entries that were forgotten.
    pub entries: u64,
    /// Entries that were archived before.
    pub archived: u64,
    /// Rooms with damaged entries, which were passed over.
    pub damaged: u64,
    /// Rooms that no rule knows any more, of which nothing was forgotten.
    pub unruled: u64,
    /// Whether there is more to do: the time was over.
    pub unfinished: bool,
}

/// Why a run broke off. What it had forgotten until then stays forgotten, and was archived where that is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The store's.
    Store(StoreError),
    /// The archive's: a sentence.
    Archive(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Archive(why) => write!(f, "the archive cannot be written, so nothing was forgotten: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Entries of a room that are archived, or about to be.
struct Old {
    room: RoomKey,
    epoch: Epoch,
    from: Offset,
    up_to: Offset,
}

impl Report {
    /// Whether nothing that is too old is left anywhere.
    pub fn is_complete(&self) -> bool {
        !self.unfinished && self.damaged == 0 && self.unruled == 0
    }
}

impl Retention<'_> {
    /// Looks through all rooms and forgets what is too old, after it has been archived where there is an archive.
    ///
    /// # Errors
    /// When the store or the archive fails; a damaged room is passed over and counted.
    pub async fn run(mut self) -> Result<Report, Trouble> {
        let (mut report, mut waiting) = (Report::default(), Vec::new());
        let (mut after, now) = (None, self.clock.now());
        while !report.unfinished {
            let rooms = self.store.rooms(after, ROOMS).await?;
            let Some(last) = rooms.last() else { break };
            after = Some(last.room.clone());
            for room in rooms {
                report.rooms += 1;
                match self.look_at(&room, now, &mut report, &mut waiting).await {
                    Err(Trouble::Store(StoreError::Corrupt(_))) => report.damaged += 1,
                    looked => looked?,
                }
                if self.is_over() {
                    report.unfinished = true;
                    break;
                }
            }
        }
        self.forget_archived(&mut waiting, &mut report).await?;
        Ok(report)
    }

    fn is_over(&self) -> bool {
        self.clock.monotonic() >= self.until
    }

    async fn look_at(
        &mut self,
        room: &RoomRecord,
        now: Timestamp,
        report: &mut Report,
        waiting: &mut Vec<Old>,
    ) -> Result<(), Trouble> {
        let old = |up_to: u64| Old {
            room: room.room.clone(),
            epoch: room.head.epoch.clone(),
            from: room.oldest,
            up_to: Offset(up_to),
        };
        // What no rule knows may come back with the rule: nobody said how long it is to be kept.
        match self.kinds.retention(&room.room) {
            None => {
                report.unruled += 1;
                Ok(())
            }
            Some(Keep::None) => self.let_go(old(room.head.offset.0), report, waiting).await,
            Some(Keep::Last) => self.let_go(old(room.head.offset.0.saturating_sub(1)), report, waiting).await,
            Some(Keep::For(time)) => self.let_go_by_age(room, time, now, report, waiting).await,
        }
    }

    async fn let_go_by_age(
        &mut self,
        room: &RoomRecord,
        time: Duration,
        now: Timestamp,
        report: &mut Report,
        waiting: &mut Vec<Old>,
    ) -> Result<(), Trouble> {
        let mut from = room.oldest;
        let mut after = before(from);
        // Most rooms have nothing that is too old, and their first entry tells.
        let mut limit = 1;
        while after < room.head.offset && !self.is_over() {
            let stretch = self.store.read_as_kept(room.room.clone(), Page::After(after), limit).await?;
            let Some(last) = stretch.last().filter(|last| last.epoch == room.head.epoch) else { break };
            let Ages { old, is_young } = ages(&stretch.entries, time, now);
            let up_to = old.checked_sub(1).and_then(|index| stretch.entries.get(index)?.offset);
            if let Some(up_to) = up_to {
                let old = Old { room: room.room.clone(), epoch: last.epoch, from, up_to };
                self.let_go(old, report, waiting).await?;
                from = up_to.next();
            }
            if is_young {
                break;
            }
            (after, limit) = (last.offset, PIECE);
            breathe().await;
        }
        Ok(())
    }

    /// Lets a stretch go piece by piece: into the archive and onto the list of those that are safe with its next seal, or at once.
    async fn let_go(&mut self, old: Old, report: &mut Report, waiting: &mut Vec<Old>) -> Result<(), Trouble> {
        let mut rest = old;
        while rest.from <= rest.up_to && !self.is_over() {
            let up_to = rest.up_to.min(Offset(rest.from.0.saturating_add(PIECE as u64 - 1)));
            let piece = Old { room: rest.room.clone(), epoch: rest.epoch.clone(), from: rest.from, up_to };
            if self.archive.is_none() {
                self.forget(&piece, report).await?;
            } else if self.write_down(&piece, report).await? {
                waiting.push(piece);
                if report.archived.saturating_sub(report.entries) >= SEAL_AFTER {
                    self.forget_archived(waiting, report).await?;
                }
            } else {
                return Ok(());
            }
            rest.from = up_to.next();
            breathe().await;
        }
        Ok(())
    }

    /// Hands a piece to the archive; false when the log is another one by now.
    async fn write_down(&mut self, piece: &Old, report: &mut Report) -> Result<bool, Trouble> {
        let Some(archive) = self.archive.as_mut() else { return Ok(false) };
        let limit = usize::try_from(piece.up_to.0 - piece.from.0).unwrap_or(PIECE).saturating_add(1);
        let page = Page::After(before(piece.from));
        let mut stretch = self.store.read_as_kept(piece.room.clone(), page, limit).await?;
        if stretch.head.epoch != piece.epoch {
            return Ok(false);
        }
        stretch.entries.retain(|entry| entry.offset <= Some(piece.up_to));
        report.archived += stretch.entries.len() as u64;
        archive.add(stretch.entries).await.map_err(Trouble::Archive)?;
        Ok(true)
    }

    /// Makes the archive safe, and forgets what is in it.
    async fn forget_archived(&mut self, waiting: &mut Vec<Old>, report: &mut Report) -> Result<(), Trouble> {
        let Some(archive) = self.archive.as_mut().filter(|_| !waiting.is_empty()) else { return Ok(()) };
        archive.seal().await.map_err(Trouble::Archive)?;
        for piece in waiting.drain(..) {
            self.forget(&piece, report).await?;
            breathe().await;
        }
        Ok(())
    }

    /// Forgets a piece, unless the room was deleted meanwhile and its offsets mean other entries by now.
    async fn forget(&self, piece: &Old, report: &mut Report) -> Result<(), Trouble> {
        if self.store.head(piece.room.clone()).await?.epoch == piece.epoch {
            report.entries += self.store.forget(piece.room.clone(), piece.up_to).await?;
        }
        Ok(())
    }
}

/// The offset right before one.
fn before(offset: Offset) -> Offset {
    Offset(offset.0.saturating_sub(1))
}

/// Lets others have the thread.
async fn breathe() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests;
