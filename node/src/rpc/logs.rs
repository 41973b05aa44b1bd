//! Logs: which of them a filter takes, found by the index of a file and by the bloom filters of blocks.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bloom, BloomInput, Log};
use alloy_rpc_types_eth::BlockNumberOrTag;
use serde::Deserialize;
use serde_json::Value;

use super::error::{RpcError, codes};
use super::json::{self as form, PlacedLog, logs_of};
use super::params::Params;
use super::{Answer, Rpc};
use crate::archive::Name;
use crate::block::Sealed;
use crate::ledger::Ledger;

/// The most logs of one answer.
const MOST_LOGS: usize = 20_000;

/// The most addresses or topics in one place of a filter.
const MOST_CHOICES: usize = 1000;

/// The most entries of the index that one question looks at.
const MOST_ENTRIES: usize = 1_000_000;

/// Which logs a client wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogFilter {
    #[serde(default)]
    from_block: Option<BlockNumberOrTag>,
    #[serde(default)]
    to_block: Option<BlockNumberOrTag>,
    #[serde(default)]
    block_hash: Option<B256>,
    #[serde(default)]
    address: OneOrMany<Address>,
    #[serde(default)]
    topics: Option<Vec<OneOrMany<B256>>>,
}

/// A filter by no, one or several values: one of them must match; without values, all do.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Any(()),
    One(T),
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Any(())
    }
}

impl<T: PartialEq> OneOrMany<T> {
    fn values(&self) -> &[T] {
        match self {
            Self::Any(_) => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }

    fn takes(&self, value: &T) -> bool {
        let values = self.values();
        values.is_empty() || values.contains(value)
    }
}

/// The bits of what a filter wants in bloom filters, for each of its lists: hashed once, and not for each
/// block.
pub(super) struct Blooms(Vec<Vec<Bloom>>);

impl Blooms {
    /// Whether a bloom filter may hold one value of each list.
    fn may_be_in(&self, bloom: &Bloom) -> bool {
        self.0.iter().all(|choices| choices.iter().any(|wanted| bloom.contains(wanted)))
    }
}

impl LogFilter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// If it is not in its form, or contradicts itself.
    pub(super) fn read(params: &Params, index: usize) -> Result<Self, RpcError> {
        let filter: Self = params.optional(index)?.unwrap_or_default();
        filter.check()?;
        Ok(filter)
    }

    pub(super) fn check(&self) -> Result<(), RpcError> {
        if self.block_hash.is_some() && (self.from_block.is_some() || self.to_block.is_some()) {
            return Err(RpcError::params(
                "invalid argument 0: cannot specify both BlockHash and FromBlock/ToBlock, choose \
                 one or the other",
            ));
        }
        let topics = self.topics();
        if topics.len() > 4 {
            return Err(RpcError::params("invalid argument 0: a log has at most 4 topics"));
        }
        let many = topics.iter().map(|choice| choice.values().len());
        if many.chain([self.address.values().len()]).any(|count| count > MOST_CHOICES) {
            return Err(RpcError::params(format!(
                "invalid argument 0: more than {MOST_CHOICES} addresses or topics in one place"
            )));
        }
        Ok(())
    }

    fn topics(&self) -> &[OneOrMany<B256>] {
        self.topics.as_deref().unwrap_or_default()
    }

    /// Whether it takes a log, wherever that is.
    pub(super) fn takes(&self, log: &Log) -> bool {
        let wanted = self.topics();
        self.address.takes(&log.address)
            && log.topics().len() >= wanted.len()
            && wanted.iter().zip(log.topics()).all(|(wanted, topic)| wanted.takes(topic))
    }

    /// The names that the index has a block under: one of each list.
    fn names(&self) -> Vec<Vec<Name>> {
        let addresses = self.address.values().iter().map(Name::address).collect();
        let topics = self.topics().iter().enumerate().map(|(place, wanted)| {
            wanted.values().iter().map(|topic| Name::topic(place, topic)).collect()
        });
        let mut names: Vec<Vec<Name>> = std::iter::once(addresses).chain(topics).collect();
        names.retain(|names| !names.is_empty());
        if names.is_empty() {
            names.push(vec![Name::ANY]);
        }
        names
    }

    /// What it wants in bloom filters.
    pub(super) fn blooms(&self) -> Blooms {
        let bloom = |bytes: &[u8]| Bloom::from(BloomInput::Raw(bytes));
        let addresses = self.address.values().iter().map(|address| bloom(address.as_slice()));
        let topics = self.topics().iter();
        let topics = topics
            .map(|wanted| wanted.values().iter().map(|topic| bloom(topic.as_slice())).collect());
        let mut lists: Vec<Vec<Bloom>> =
            std::iter::once(addresses.collect()).chain(topics).collect();
        lists.retain(|choices| !choices.is_empty());
        Blooms(lists)
    }

    /// The logs that it takes of a block. `blooms` are its own.
    pub(super) fn of_block<'b>(
        &'b self,
        blooms: &'b Blooms,
        block: &'b Sealed,
    ) -> impl Iterator<Item = PlacedLog<'b>> {
        let transactions =
            if blooms.may_be_in(&block.header.logs_bloom) { block.receipts.len() } else { 0 };
        let may_be_in = |index: &usize| blooms.may_be_in(&block.receipts[*index].bloom);
        (0..transactions)
            .filter(may_be_in)
            .flat_map(|index| logs_of(block, index))
            .filter(|placed| self.takes(placed.log))
    }

    /// The numbers of the blocks that it looks at.
    fn range(&self, ledger: &Ledger) -> Result<(u64, u64), RpcError> {
        let number = |tag: Option<BlockNumberOrTag>| match tag {
            Some(BlockNumberOrTag::Number(number)) => number,
            Some(BlockNumberOrTag::Earliest) => 0,
            _ => ledger.height(),
        };
        let (from, to) = (number(self.from_block), number(self.to_block));
        if from > to {
            return Err(RpcError::params("invalid block range params"));
        }
        Ok((from, to.min(ledger.height())))
    }

    /// The number of the block that it begins with, if it says one.
    pub(super) fn begin(&self) -> Option<u64> {
        match self.from_block {
            Some(BlockNumberOrTag::Number(number)) => Some(number),
            Some(BlockNumberOrTag::Earliest) => Some(0),
            _ => None,
        }
    }

    /// The number of the block that it ends with, if it says one.
    pub(super) fn end(&self) -> u64 {
        match self.to_block {
            Some(BlockNumberOrTag::Number(number)) => number,
            Some(BlockNumberOrTag::Earliest) => 0,
            _ => u64::MAX,
        }
    }
}

impl Rpc {
    pub(super) fn get_logs(&self, params: &Params) -> Answer {
        let filter = LogFilter::read(params, 0)?;
        self.logs(&filter)
    }

    /// All logs that a filter takes.
    pub(super) fn logs(&self, filter: &LogFilter) -> Answer {
        let ledger = self.node.ledger();
        if let Some(hash) = &filter.block_hash {
            let block =
                ledger.block_by_hash(hash)?.ok_or_else(|| RpcError::server("unknown block"))?;
            return collect([Ok(block)], filter);
        }
        search(&ledger, filter, filter.range(&ledger)?)
    }
}

/// The logs of the blocks in a range that a filter takes. Of blocks in a file, only those are read that
/// the index names; of those in memory, their bloom filters are looked at.
pub(super) fn search(ledger: &Ledger, filter: &LogFilter, (from, to): (u64, u64)) -> Answer {
    let named = ledger.archived_with(&filter.names(), (from, to), MOST_ENTRIES)?;
    let named = named.ok_or_else(|| {
        RpcError::new(
            codes::LIMIT,
            format!(
                "query looks at more than {MOST_ENTRIES} entries of the index; ask for fewer blocks, \
                 addresses or topics"
            ),
        )
    })?;
    let in_file =
        named.into_iter().map(|number| Ok(ledger.block(number)?)).filter_map(Result::transpose);
    collect(in_file.chain(ledger.in_memory((from, to)).map(|block| Ok(Arc::clone(block)))), filter)
}

/// The logs of these blocks that a filter takes, if they are not too many.
fn collect(
    blocks: impl IntoIterator<Item = Result<Arc<Sealed>, RpcError>>,
    filter: &LogFilter,
) -> Answer {
    let mut logs = Vec::new();
    let blooms = filter.blooms();
    for block in blocks {
        let block = block?;
        logs.extend(filter.of_block(&blooms, &block).map(|placed| form::log(&placed)));
        if logs.len() > MOST_LOGS {
            return Err(RpcError::new(
                codes::LIMIT,
                format!("query returned more than {MOST_LOGS} results; ask for fewer blocks"),
            ));
        }
    }
    Ok(Value::Array(logs))
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, LogData};
    use serde_json::json;

    use super::*;

    fn filter(json: Value) -> LogFilter {
        let filter = LogFilter::deserialize(json).unwrap();
        filter.check().unwrap();
        filter
    }

    #[test]
    fn filters_take_what_they_say() {
        let (a, b) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let (x, y) = (B256::repeat_byte(3), B256::repeat_byte(4));
        let log = Log { address: a, data: LogData::new_unchecked(vec![x, y], Bytes::new()) };
        let bloom = alloy_primitives::logs_bloom([&log]);
        for (json, takes) in [
            (json!({}), true),
            (json!({ "address": a }), true),
            (json!({ "address": [b, a] }), true),
            (json!({ "address": b }), false),
            (json!({ "address": [] }), true),
            (json!({ "topics": [x] }), true),
            (json!({ "topics": [null, y] }), true),
            (json!({ "topics": [[], [x, y]] }), true),
            (json!({ "topics": [y] }), false),
            (json!({ "topics": [[y, x], null] }), true),
            (json!({ "topics": [x, y, null] }), false),
        ] {
            let filter = filter(json.clone());
            assert_eq!(filter.takes(&log), takes, "{json}");
            assert!(filter.blooms().may_be_in(&bloom) || !takes, "{json}");
        }
    }
}
