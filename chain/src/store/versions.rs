//! A map that keeps older versions as long as a reader has them.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

/// The newest value of each key, and the values that changed since the oldest version with a reader.
/// Without a reader it stores the newest values only.
#[derive(Debug)]
pub(super) struct Versions<K, V> {
    newest: HashMap<K, V, RandomState>,
    /// The values that keys had before they changed.
    before: HashMap<K, VecDeque<Before<V>>, RandomState>,
    /// Which keys changed, by the version that changed them.
    changed: BTreeMap<u64, Vec<K>>,
}

/// The value of a key in all versions before this one, back to the entry before.
#[derive(Debug)]
struct Before<V> {
    version: u64,
    value: Option<V>,
}

impl<K, V> Default for Versions<K, V> {
    fn default() -> Self {
        Self { newest: HashMap::default(), before: HashMap::default(), changed: BTreeMap::new() }
    }
}

impl<K: Clone + Eq + Hash, V> Versions<K, V> {
    /// The newest value.
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.newest.get(key)
    }

    /// The value in a version that is looked at.
    pub(super) fn at<Q: Eq + Hash + ?Sized>(&self, version: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        if !self.before.is_empty()
            && let Some(before) = self.before.get(key)
            && let Some(before) = before.iter().find(|before| before.version > version)
        {
            return before.value.as_ref();
        }
        self.newest.get(key)
    }

    /// Sets the value of a key in a new version, and keeps the one before if `keep` says so. Says whether
    /// there was one. A key changes once in a version.
    pub(super) fn set(&mut self, version: u64, key: K, value: Option<V>, keep: bool) -> bool {
        let kept = keep.then(|| key.clone());
        let before = match value {
            Some(value) => self.newest.insert(key, value),
            None => self.newest.remove(&key),
        };
        let was_there = before.is_some();
        if let Some(key) = kept {
            self.changed.entry(version).or_default().push(key.clone());
            self.before.entry(key).or_default().push_back(Before { version, value: before });
        }
        was_there
    }

    /// Drops values that no reader of this version or a later one can see.
    pub(super) fn forget(&mut self, oldest: u64) {
        while let Some(entry) = self.changed.first_entry()
            && *entry.key() <= oldest
        {
            for key in entry.remove() {
                if let Some(before) = self.before.get_mut(&key) {
                    before.pop_front();
                    if before.is_empty() {
                        self.before.remove(&key);
                    }
                }
            }
        }
    }

    /// The newest keys and values, in any order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.newest.iter()
    }

    /// All keys that have a value in any version.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        let gone = self.before.keys().filter(|key| !self.newest.contains_key(key));
        self.newest.keys().chain(gone)
    }
}

/// The versions that are looked at, and how often.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched(Arc<Mutex<BTreeMap<u64, usize>>>);

/// A version that is looked at as long as this lives.
#[derive(Debug)]
pub(super) struct Watch {
    watched: Watched,
    pub(super) version: u64,
}

impl Watched {
    pub(super) fn watch(&self, version: u64) -> Watch {
        *self.all().entry(version).or_default() += 1;
        Watch { watched: self.clone(), version }
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        self.all().first_key_value().map(|(&version, _)| version)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut all = self.watched.all();
        if let Some(count) = all.get_mut(&self.version) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.version);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn each_watched_version_stays_what_it_was() {
        let mut random = fastrand::Rng::with_seed(7);
        let watched = Watched::default();
        let mut versions = Versions::default();
        let mut newest: HashMap<u8, u32> = HashMap::new();
        let mut looked_at: Vec<(Watch, HashMap<u8, u32>)> = Vec::new();
        for version in 1..2_000 {
            let mut keys: Vec<u8> = (0..40).collect();
            random.shuffle(&mut keys);
            let keep = watched.oldest().is_some();
            for key in keys.into_iter().take(random.usize(0..6)) {
                let value = random.bool().then(|| random.u32(..));
                versions.set(version, key, value, keep);
                match value {
                    Some(value) => newest.insert(key, value),
                    None => newest.remove(&key),
                };
            }
            versions.forget(watched.oldest().unwrap_or(version));
            if random.u8(..3) == 0 {
                looked_at.push((watched.watch(version), newest.clone()));
            }
            if looked_at.len() > random.usize(0..8) {
                looked_at.swap_remove(random.usize(..looked_at.len()));
            }
            for (watch, expected) in &looked_at {
                for key in 0..40 {
                    let found = versions.at(watch.version, &key);
                    assert_eq!(found, expected.get(&key), "key {key}, version {}", watch.version);
                }
            }
            for key in 0..40 {
                assert_eq!(versions.get(&key), newest.get(&key));
            }
        }
    }

    #[test]
    fn versions_without_readers_are_dropped() {
        let watched = Watched::default();
        let mut versions = Versions::default();
        let watch = watched.watch(0);
        for version in 1..100 {
            versions.set(version, version % 10, Some(version), watched.oldest().is_some());
            versions.forget(watched.oldest().unwrap_or(version));
        }
        assert_eq!(versions.before.len(), 10);
        drop(watch);
        versions.forget(watched.oldest().unwrap_or(99));
        assert!(versions.before.is_empty() && versions.changed.is_empty());
        assert_eq!(versions.iter().count(), 10);
    }
}
