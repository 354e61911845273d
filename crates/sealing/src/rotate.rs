//! Another master key: every data key is sealed anew, and no entry is touched.

use tidings_core::{
    Store, StoreError,
    store::{DataKeyId, Rewrap},
};

use crate::keyring::{Keyring, Trouble};

/// Data keys that are read and written at once.
const PAGE: usize = 500;

/// What a rotation did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Rotated {
    /// Data keys that are sealed by the first master key now and were not before.
    pub rewrapped: u64,
    /// Data keys that were already.
    pub already: u64,
}

/// How often all keys are gone through, where others make some with another first key meanwhile.
const PASSES: usize = 3;

/// Seals all data keys with the first master key. Others may read and write meanwhile: the data keys themselves stay what they are, and a key
/// that somebody else changed at the same time is looked at again. May be done again, whatever became of it.
///
/// # Errors
/// Those of the store; [`StoreError::Sealed`] when there is no master key, or none that opens one of the data keys;
/// [`StoreError::Unavailable`] when another server goes on sealing with another first key. What was done before that stays so, and every data
/// key is still there.
pub async fn rotate(store: &dyn Store, keyring: &Keyring) -> Result<Rotated, StoreError> {
    let first = keyring.first().ok_or(Trouble::NoKey)?;
    let mut rotated = pass(store, keyring).await?;
    for _ in 1..PASSES {
        if is_through(store, first).await? {
            return Ok(rotated);
        }
        rotated.rewrapped += pass(store, keyring).await?.rewrapped;
    }
    match is_through(store, first).await? {
        true => Ok(rotated),
        false => Err(StoreError::Unavailable(format!(
            "another server goes on sealing with another key than {first}: give all servers the same first key, and rotate again"
        ))),
    }
}

async fn is_through(store: &dyn Store, first: &str) -> Result<bool, StoreError> {
    Ok(store.data_key_masters().await?.iter().all(|key| key.master == first))
}

/// Goes through all keys once, in the order of their ids.
async fn pass(store: &dyn Store, keyring: &Keyring) -> Result<Rotated, StoreError> {
    let mut rotated = Rotated::default();
    let mut after: Option<DataKeyId> = None;
    loop {
        let page = store.data_keys(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rotated) };
        after = Some(last.id);
        let mut changes = Vec::new();
        for before in page {
            match keyring.rewrap(&before)? {
                Some(now) => changes.push(Rewrap { before, now }),
                None => rotated.already += 1,
            }
        }
        if !changes.is_empty() {
            rotated.rewrapped += store.rewrap_data_keys(changes).await?;
        }
    }
}
