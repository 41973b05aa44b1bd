//! The keys that a block changes.

use std::sync::Arc;

use bessemer_types::Address;

use super::{StoreError, View};
use crate::encoding::encode_key;
use crate::key::{StateKey, StorageKey};
use crate::value::Value;

/// Keys with their new values, `None` for removed ones; in the order of keys, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet(Vec<(StateKey, Option<Value>)>);

impl ChangeSet {
    /// These changes. Of several for one key, the last counts.
    pub fn new(mut changes: Vec<(StateKey, Option<Value>)>) -> Self {
        // a block has many changes, which are large to move and slow to compare
        let mut order: Vec<_> =
            changes.iter().enumerate().map(|(at, (key, _))| (begin(key), at)).collect();
        order.sort_unstable_by(|(a, a_at), (b, b_at)| {
            let keys = || changes[*a_at].0.cmp(&changes[*b_at].0);
            a.cmp(b).then_with(keys).then(a_at.cmp(b_at))
        });
        let mut sorted: Vec<(StateKey, Option<Value>)> = Vec::with_capacity(changes.len());
        for (_, at) in order {
            let (key, value) = &mut changes[at];
            let value = value.take();
            match sorted.last_mut() {
                Some((last, kept)) if last == key => *kept = value,
                _ => sorted.push((*key, value)),
            }
        }
        Self(sorted)
    }

    /// The changes in the order of keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&StateKey, Option<&Value>)> {
        self.0.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// The change of a key: `Some(None)` if it is removed.
    pub fn get(&self, key: &StateKey) -> Option<Option<&Value>> {
        let at = self.0.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        self.0.get(at).map(|(_, value)| value.as_ref())
    }

    /// How many keys change.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A view with changes on top that are not made. It has no tries.
pub(crate) struct Changed {
    pub(crate) base: Arc<dyn View>,
    pub(crate) changes: ChangeSet,
}

impl View for Changed {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        match self.changes.get(key) {
            Some(value) => Ok(value.cloned()),
            None => self.base.get(key),
        }
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        let mut keys = self.base.storage_keys(contract)?;
        keys.retain(|key| self.changes.get(&StateKey::Storage(*contract, *key)).is_none());
        keys.extend(self.changes.iter().filter_map(|(key, value)| match key {
            StateKey::Storage(owner, key) if owner == contract && value.is_some() => Some(*key),
            _ => None,
        }));
        Ok(keys)
    }
}

impl IntoIterator for ChangeSet {
    type Item = (StateKey, Option<Value>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The first bytes of a key as two numbers. If they differ for two keys, they have the order of the keys.
fn begin(key: &StateKey) -> [u128; 2] {
    let key = encode_key(key);
    let mut halves = [[0; 16]; 2];
    let begin = halves.as_flattened_mut();
    let len = key.len().min(begin.len());
    begin[..len].copy_from_slice(&key[..len]);
    halves.map(u128::from_be_bytes)
}
