//! A store before which secrets are sealed, and behind which they are opened again.

mod chat;
mod inbox;

use std::{ops::RangeInclusive, path::Path, sync::Arc};

use tidings_core::{
    Entry, Kinds, RoomKey, Store, StoreError,
    store::{
        Answer, Appended, AuditAct, AuditRecord, DataKeyId, Erased, JobState, KeyStore, Member, MemberRole,
        Once, Page, People, Person, Revocation, Rewrap, RoomRecord, ServerId, Stretch, Tidy, WrappedKey,
    },
};
use tidings_protocol::{EntryId, Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use crate::{
    data_keys::{DataKeys, scope},
    detect,
    envelope::{self, Kept},
    keyring::{Keyring, Trouble},
};

/// Seals what is to be sealed on the way into a store, and opens all that is sealed on the way out. Whoever asks it never sees what is kept, but for
/// [`Store::read_as_kept`].
///
/// What was sealed is opened whatever the rules say now, and what was kept as it is stays so. Without a master key nothing is sealed.
pub struct SealedStore {
    store: Arc<dyn Store>,
    keys: DataKeys,
    kinds: Kinds,
}

/// In which form an entry's data is to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    AsItIs,
    Escaped,
    Sealed,
}

impl SealedStore {
    /// Sealing before this store, with these keys, where the rules of rooms or what is found in an entry say so.
    pub fn new(store: Arc<dyn Store>, keyring: Arc<Keyring>, kinds: Kinds) -> Self {
        Self { store, keys: DataKeys::new(keyring), kinds }
    }

    /// Whether everything that is sealed in the store can be opened.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] names the master key that is missing, or is another one; and those of the store.
    pub async fn check(&self) -> Result<(), StoreError> {
        for key in self.store.data_key_masters().await? {
            self.keys.keyring.check(&key)?;
        }
        Ok(())
    }

    fn form(&self, entry: &Entry) -> Form {
        self.form_in(&entry.room, &entry.data)
    }

    fn form_in(&self, room: &RoomKey, data: &Json) -> Form {
        let has_key = !self.keys.keyring.is_empty();
        if has_key && (self.kinds.encrypts(room) || detect::find(data.as_str()).is_some()) {
            Form::Sealed
        } else if envelope::is_reserved(data) {
            Form::Escaped
        } else {
            Form::AsItIs
        }
    }

    /// The entry as it may be kept.
    async fn kept(&self, entry: Entry, form: Form) -> Result<Entry, StoreError> {
        match form {
            Form::AsItIs => Ok(entry),
            form => {
                let (scope, place) = (scope(&entry.room), entry.room.to_string());
                let data = self.data_kept(scope, &place, entry.id, &entry.data, form).await?;
                Ok(entry.with_data(data))
            }
        }
    }

    async fn data_kept(
        &self,
        scope: String,
        place: &str,
        id: EntryId,
        data: &Json,
        form: Form,
    ) -> Result<Json, StoreError> {
        let kept = match form {
            Form::AsItIs => return Ok(data.clone()),
            Form::Escaped => envelope::escape(data),
            Form::Sealed => {
                let key = self.keys.of_scope(&*self.store, scope).await?;
                envelope::seal(&key, place, id, data).ok()
            }
        };
        kept.ok_or_else(|| Trouble::Refused.into())
    }

    /// Entries as they may be kept, and the data of those that are kept otherwise than they were published.
    async fn all_kept(
        &self,
        entries: Vec<(Entry, Keep)>,
    ) -> Result<(Vec<(Entry, Keep)>, Vec<Option<Json>>), StoreError> {
        let (mut kept, mut published) =
            (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for (entry, keep) in entries {
            let form = self.form(&entry);
            published.push((form != Form::AsItIs).then(|| entry.data.clone()));
            kept.push((self.kept(entry, form).await?, keep));
        }
        Ok((kept, published))
    }

    async fn once_kept(&self, once: Option<Once>) -> Result<Option<Once>, StoreError> {
        match once {
            Some(once) if !self.keys.keyring.is_empty() => {
                self.keys.hide_print(&*self.store, once).await.map(Some)
            }
            once => Ok(once),
        }
    }

    async fn opened(&self, entry: Arc<Entry>) -> Result<Arc<Entry>, StoreError> {
        Ok(match self.data_opened(&entry.room, entry.id, &entry.data).await? {
            Some(data) => Arc::new(entry.with_data(data)),
            None => entry,
        })
    }

    /// Data as it was published, from how it is kept; none when that is the same.
    async fn data_opened(
        &self,
        place: &impl ToString,
        id: EntryId,
        kept: &Json,
    ) -> Result<Option<Json>, StoreError> {
        let data = match envelope::look(kept) {
            Kept::AsItIs => return Ok(None),
            Kept::Escaped(data) => Some(data),
            Kept::Damaged => None,
            Kept::Sealed(envelope) => {
                let key = self.keys.with_id(&*self.store, envelope.key).await?;
                envelope.open(&key, &place.to_string(), id).and_then(|text| envelope::parse(&text))
            }
        };
        data.map(Some).ok_or_else(|| {
            StoreError::Corrupt(
                "sealed data is not as it was written, or not where it was written; keep a copy of the database and restore a backup"
                    .into(),
            )
        })
    }

    async fn all_opened(&self, entries: Vec<Arc<Entry>>) -> Result<Vec<Arc<Entry>>, StoreError> {
        if !entries.iter().any(|entry| envelope::is_reserved(&entry.data)) {
            return Ok(entries);
        }
        let mut opened = Vec::with_capacity(entries.len());
        for entry in entries {
            opened.push(self.opened(entry).await?);
        }
        Ok(opened)
    }
}

fn all_as_published(kept: Vec<Arc<Entry>>, published: Vec<Option<Json>>) -> Vec<Arc<Entry>> {
    kept.into_iter().zip(published).map(|(kept, data)| as_published(kept, data)).collect()
}

/// What the store kept, as its publisher knows it.
fn as_published(kept: Arc<Entry>, data: Option<Json>) -> Arc<Entry> {
    match data {
        Some(data) => Arc::new(kept.with_data(data)),
        None => kept,
    }
}

/// Calls that go to the store behind as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(fn $name(&self, $($argument: $type),*) -> Answer<'_, $answer> { self.store.$name($($argument),*) })*
    };
}

impl Store for SealedStore {
    fn append(&self, entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Answer<'_, Appended> {
        let hides_print = once.is_some() && !self.keys.keyring.is_empty();
        if !hides_print && entries.iter().all(|(entry, _)| self.form(entry) == Form::AsItIs) {
            return self.store.append(entries, once);
        }
        Box::pin(async move {
            let once = self.once_kept(once).await?;
            let (kept, published) = self.all_kept(entries).await?;
            Ok(match self.store.append(kept, once).await? {
                Appended::New(kept) => Appended::New(all_as_published(kept, published)),
                before => before,
            })
        })
    }

    fn append_one(&self, entry: Entry, keep: Keep) -> Answer<'_, Arc<Entry>> {
        let form = self.form(&entry);
        if form == Form::AsItIs {
            return self.store.append_one(entry, keep);
        }
        Box::pin(async move {
            let data = entry.data.clone();
            let kept = self.kept(entry, form).await?;
            let kept = self.store.append_one(kept, keep).await?;
            Ok(as_published(kept, Some(data)))
        })
    }

    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        let stretch = self.store.read(room, page, limit);
        Box::pin(async move {
            let Stretch { head, oldest, entries } = stretch.await?;
            Ok(Stretch { head, oldest, entries: self.all_opened(entries).await? })
        })
    }

    fn entries_of(
        &self,
        user: UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Answer<'_, Vec<Arc<Entry>>> {
        let entries = self.store.entries_of(user, after, limit);
        Box::pin(async move { self.all_opened(entries.await?).await })
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        self.store.backup(to)
    }

    fn keeps_audit(&self) -> bool {
        self.store.keeps_audit()
    }

    /// Also whether all that is sealed can be opened.
    fn health(&self) -> Answer<'_, ()> {
        let health = self.store.health();
        Box::pin(async move {
            health.await?;
            self.check().await
        })
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn commits_together(&self) -> bool {
        self.store.commits_together()
    }

    fn seals(&self, room: &RoomKey, data: &Json) -> bool {
        self.form_in(room, data) == Form::Sealed
    }

    fn sweep(&self, now: Timestamp, followed: &dyn Fn(&RoomKey) -> bool) {
        self.store.sweep(now, followed);
    }

    tidings_core::calls_beside_logs!(pass_on);
    tidings_core::calls_about_logs!(pass_on);
    pass_on! {
        read_as_kept(room: RoomKey, page: Page, limit: usize) -> Stretch;
        audit(act: AuditAct) -> AuditRecord;
    }
}

impl KeyStore for SealedStore {
    tidings_core::key_calls!(pass_on);
}

// Ids, names of devices and times: nothing of it is what somebody said.
tidings_core::hand_on_receipts!(SealedStore, |sealed| sealed.store);

impl People for SealedStore {
    tidings_core::people_calls!(pass_on);
}

#[cfg(test)]
mod tests;
