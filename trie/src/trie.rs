//! The tree, as far as it is in memory.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem::take;

use crate::node::{Child, Here, Kind, Reference};
use crate::path::{Place, common, nibble};
use crate::update::Update;
use crate::{Change, EMPTY_ROOT, Hash, Key, Nodes, Source};

/// The changes that a store has to write so that it has the tree: the row of each place, or `None` where there is
/// none any more.
pub type Rows = BTreeMap<Place, Option<Vec<u8>>>;

/// A trie, of which only what was needed is in memory.
#[derive(Clone, Debug)]
pub struct Trie {
    root: Child,
    /// The root of what the source has, to which a failed update returns.
    base: Hash,
    gone: Vec<Place>,
    /// Rows to write; `None` if they are not asked for.
    rows: Option<Rows>,
}

impl Trie {
    /// The trie with this root; [`EMPTY_ROOT`] is the one without keys.
    pub fn at(root: Hash) -> Self {
        let child = if root == EMPTY_ROOT { Child::Nothing } else { Child::Elsewhere(root) };
        Self { root: child, base: root, gone: Vec::new(), rows: None }
    }

    /// The trie with this root in a store of rows: [`Trie::take_rows`] has what to write.
    pub fn in_rows(root: Hash) -> Self {
        Self { rows: Some(Rows::new()), ..Self::at(root) }
    }

    /// The value of a key.
    ///
    /// # Errors
    ///
    /// If a node on the way cannot be loaded.
    pub fn get<S: Source>(&mut self, source: &S, key: &Key) -> Result<Option<&[u8]>, S::Error> {
        let mut child = &mut self.root;
        let mut depth = 0;
        loop {
            let Some(here) = resolve(child, source, key, depth)? else { return Ok(None) };
            match &mut here.kind {
                Kind::Leaf { key: found, value } => return Ok((found == key).then_some(&*value)),
                Kind::Branch(children) => {
                    child = &mut children[nibble(key, depth)];
                    depth += 1;
                }
                Kind::Extension { path, end, child: below } => {
                    if common(path, key) < *end {
                        return Ok(None);
                    }
                    child = below;
                    depth = *end;
                }
            }
        }
    }

    /// Sets and removes values. Of several changes for one key, the last counts. The values are taken
    /// out of the changes, and their order is lost.
    ///
    /// # Errors
    ///
    /// If a node that is needed cannot be loaded; then the trie is as it was when it was made.
    ///
    /// # Panics
    ///
    /// For an empty value, which a leaf cannot have.
    pub fn update<S: Source>(
        &mut self,
        source: &S,
        changes: &mut [Change],
    ) -> Result<(), S::Error> {
        self.update_with(source, changes, None)
    }

    /// Like [`Trie::update`], and adds the nodes that it needs though no changed key leads to them:
    /// what is left alone below a branch decides how the branch ends.
    ///
    /// # Errors
    ///
    /// As [`Trie::update`].
    ///
    /// # Panics
    ///
    /// As [`Trie::update`].
    pub fn update_recorded<S: Source>(
        &mut self,
        source: &S,
        changes: &mut [Change],
        siblings: &mut Nodes,
    ) -> Result<(), S::Error> {
        self.update_with(source, changes, Some(siblings))
    }

    fn update_with<S: Source>(
        &mut self,
        source: &S,
        changes: &mut [Change],
        siblings: Option<&mut Nodes>,
    ) -> Result<(), S::Error> {
        let empty = |(_, value): &Change| value.as_ref().is_some_and(Vec::is_empty);
        assert!(!changes.iter().any(empty), "a leaf has a value");
        let changes = sort(changes);
        if changes.is_empty() {
            return Ok(());
        }
        let mut update = Update { source, gone: &mut self.gone, siblings };
        let result = update.apply(&mut self.root, 0, changes);
        if result.is_err() {
            let rows = self.rows.as_ref().map(|_| Rows::new());
            *self = Self { rows, ..Self::at(self.base) };
        }
        result.map(|_| ())
    }

    /// The root. Hashes what changed since it was last asked for.
    pub fn root(&mut self) -> Hash {
        let mut finish = Finish { buffer: Vec::new(), rows: self.rows.as_mut() };
        for place in take(&mut self.gone) {
            if let Some(rows) = &mut finish.rows {
                rows.insert(place, None);
            }
        }
        finish.child(&mut self.root, &Place::ROOT);
        match &self.root {
            Child::Nothing => EMPTY_ROOT,
            Child::Elsewhere(hash) => *hash,
            Child::Here(here) => match here.reference {
                Some(Reference::Hash(hash)) => hash,
                _ => unreachable!("the root was just finished, and is named by its hash"),
            },
        }
    }

    /// The changes to write so that a store of rows has the trie; then it is loaded from there. Empty unless
    /// the trie was made by [`Trie::in_rows`].
    pub fn take_rows(&mut self) -> Rows {
        self.base = self.root();
        self.rows.as_mut().map(take).unwrap_or_default()
    }

    /// The proof of a key's value, or of its absence: the nodes from the root on, in RLP, without
    /// those that are inside of others. It is what `eth_getProof` answers.
    ///
    /// # Errors
    ///
    /// If a node on the way cannot be loaded.
    pub fn prove<S: Source>(&mut self, source: &S, key: &Key) -> Result<Vec<Vec<u8>>, S::Error> {
        let mut proof = Vec::new();
        self.walk(source, key, |hash, kind, depth| {
            let mut rlp = Vec::new();
            if hash.is_some() {
                kind.encode(depth, &mut rlp);
                proof.push(rlp);
            }
        })?;
        Ok(proof)
    }

    /// Adds the nodes that prove the values of these keys, or their absence, each once.
    ///
    /// # Errors
    ///
    /// If a node on the way cannot be loaded.
    pub fn prove_all<'k, S: Source>(
        &mut self,
        source: &S,
        keys: impl IntoIterator<Item = &'k Key>,
        nodes: &mut Nodes,
    ) -> Result<(), S::Error> {
        for key in keys {
            self.walk(source, key, |hash, kind, depth| {
                if let Some(hash) = hash {
                    nodes.add(hash, kind, depth);
                }
            })?;
        }
        Ok(())
    }

    /// Visits the nodes on the way to a key.
    fn walk<S: Source>(
        &mut self,
        source: &S,
        key: &Key,
        mut visit: impl FnMut(Option<Hash>, &Kind, usize),
    ) -> Result<(), S::Error> {
        self.root();
        let mut child = &mut self.root;
        let mut depth = 0;
        loop {
            let Some(here) = resolve(child, source, key, depth)? else { return Ok(()) };
            let hash = match here.reference {
                Some(Reference::Hash(hash)) => Some(hash),
                _ => None,
            };
            visit(hash, &here.kind, depth);
            match &mut here.kind {
                Kind::Leaf { .. } => return Ok(()),
                Kind::Branch(children) => {
                    child = &mut children[nibble(key, depth)];
                    depth += 1;
                }
                Kind::Extension { path, end, child: below } => {
                    if common(path, key) < *end {
                        return Ok(());
                    }
                    child = below;
                    depth = *end;
                }
            }
        }
    }
}

fn resolve<'a, S: Source>(
    child: &'a mut Child,
    source: &S,
    key: &Key,
    depth: usize,
) -> Result<Option<&'a mut Here>, S::Error> {
    if let Child::Elsewhere(hash) = *child {
        let kind = source.load(&Place::new(key, depth), &hash)?.0;
        *child = Child::Here(Box::new(Here { kind, reference: Some(Reference::Hash(hash)) }));
    }
    match child {
        Child::Here(here) => Ok(Some(here)),
        _ => Ok(None),
    }
}

/// Puts changes in the order of keys; of several for one key, the last stays.
fn sort(changes: &mut [Change]) -> &mut [Change] {
    if changes.is_sorted_by(|(a, _), (b, _)| a < b) {
        return changes;
    }
    changes.sort_by_key(|change| change.0);
    let mut len = 0;
    for at in 0..changes.len() {
        let last = changes.get(at + 1).is_none_or(|next| next.0 != changes[at].0);
        if last {
            changes.swap(len, at);
            len += 1;
        }
    }
    &mut changes[..len]
}

/// Names what changed, from below.
struct Finish<'a> {
    buffer: Vec<u8>,
    rows: Option<&'a mut Rows>,
}

impl Finish<'_> {
    fn child(&mut self, child: &mut Child, place: &Place) {
        let Child::Here(here) = child else { return };
        if here.reference.is_some() {
            return;
        }
        let depth = place.depth();
        match &mut here.kind {
            Kind::Leaf { .. } => {}
            Kind::Extension { path, end, child } => self.child(child, &Place::new(path, *end)),
            Kind::Branch(children) => {
                for (nibble, child) in children.iter_mut().enumerate() {
                    if matches!(child, Child::Here(here) if here.reference.is_none()) {
                        self.child(child, &place.child(nibble));
                    }
                }
            }
        }
        self.buffer.clear();
        here.kind.encode(depth, &mut self.buffer);
        let reference = Reference::of(&self.buffer, depth);
        here.reference = Some(reference);
        let Some(rows) = &mut self.rows else { return };
        // what is short is inside of the node above, in rows too
        if here.kind.has_row(depth) && matches!(reference, Reference::Hash(_)) {
            let mut row = Vec::with_capacity(1024);
            here.kind.write_row(depth, &mut row);
            rows.insert(*place, Some(row));
        } else if here.kind.has_row(depth) {
            rows.insert(*place, None);
        }
    }
}
