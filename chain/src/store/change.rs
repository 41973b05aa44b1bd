//! What a block changes.

use crate::key::StateKey;
use crate::value::Value;

/// Keys with their new values, `None` for removed ones; in the order of keys, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet(Vec<(StateKey, Option<Value>)>);

impl ChangeSet {
    /// These changes. Of several for one key, the last counts.
    pub fn new(mut changes: Vec<(StateKey, Option<Value>)>) -> Self {
        changes.sort_by_key(|(key, _)| *key);
        changes.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1.take();
            }
            same
        });
        Self(changes)
    }

    /// The changes in the order of keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&StateKey, Option<&Value>)> {
        self.0.iter().map(|(key, value)| (key, value.as_ref()))
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
