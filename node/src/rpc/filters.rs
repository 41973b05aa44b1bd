//! Filters: what happened since a client last asked.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::error::RpcError;
use super::json::{self as form, quantity};
use super::logs::{LogFilter, search};
use super::params::Params;
use super::{Answer, Rpc};

/// How long a filter lives that is not polled.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// The most filters of a node.
const MOST: usize = 10_000;

/// All filters.
#[derive(Default)]
pub(super) struct Filters {
    next: u64,
    open: HashMap<u64, Filter>,
}

struct Filter {
    kind: Kind,
    asked: Instant,
}

#[derive(Clone)]
enum Kind {
    /// Hashes of blocks from this number on.
    Blocks(u64),
    /// Logs of blocks from this number on.
    Logs(Box<LogFilter>, u64),
    /// Hashes of transactions that wait, from this one on.
    Pending(u64),
}

impl Filters {
    fn open(&mut self, kind: Kind) -> Result<u64, RpcError> {
        self.open.retain(|_, filter| filter.asked.elapsed() < LIFETIME);
        if self.open.len() >= MOST {
            return Err(RpcError::server(format!("too many filters (max {MOST})")));
        }
        self.next += 1;
        self.open.insert(self.next, Filter { kind, asked: Instant::now() });
        Ok(self.next)
    }

    fn find(&mut self, id: u64) -> Result<&mut Filter, RpcError> {
        let filter = self.open.get_mut(&id).filter(|filter| filter.asked.elapsed() < LIFETIME);
        // a filter that expired, was removed, or was of the node before a restart
        let filter = filter.ok_or_else(|| RpcError::server("filter not found"))?;
        filter.asked = Instant::now();
        Ok(filter)
    }
}

impl Rpc {
    fn filters(&self) -> MutexGuard<'_, Filters> {
        let filters: &Mutex<Filters> = &self.filters;
        filters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_filter(&self, kind: Kind) -> Answer {
        Ok(quantity(self.filters().open(kind)?))
    }

    pub(super) fn new_filter(&self, params: &Params) -> Answer {
        let filter = LogFilter::read(params, 0)?;
        let begin = self.node.ledger().height() + 1;
        let begin = filter.begin().map_or(begin, |number| number.max(begin));
        self.open_filter(Kind::Logs(Box::new(filter), begin))
    }

    pub(super) fn new_block_filter(&self, _: &Params) -> Answer {
        self.open_filter(Kind::Blocks(self.node.ledger().height() + 1))
    }

    pub(super) fn new_pending_filter(&self, _: &Params) -> Answer {
        self.open_filter(Kind::Pending(self.node.next_pending()))
    }

    pub(super) fn uninstall_filter(&self, params: &Params) -> Answer {
        let id = params.small_number(0)?;
        Ok(self.filters().open.remove(&id).is_some().into())
    }

    pub(super) fn filter_changes(&self, params: &Params) -> Answer {
        let id = params.small_number(0)?;
        let ledger = self.node.ledger();
        let next = ledger.height() + 1;
        let mut filters = self.filters();
        match &mut filters.find(id)?.kind {
            Kind::Blocks(from) => {
                // after a return to a snapshot, there may be none
                let hash = |number| Ok(ledger.block(number)?.map(|block| form::hash(&block.hash)));
                let hashes = (*from..next).map(hash).filter_map(Result::transpose);
                let hashes = hashes.collect::<Result<Value, RpcError>>()?;
                *from = next;
                Ok(hashes)
            }
            Kind::Logs(filter, from) => {
                let answer = search(&ledger, filter, (*from, filter.end().min(ledger.height())))?;
                *from = next;
                Ok(answer)
            }
            Kind::Pending(from) => {
                let (hashes, next) = self.node.pending_since(*from);
                *from = next;
                Ok(hashes.iter().map(form::hash).collect::<Value>())
            }
        }
    }

    pub(super) fn filter_logs(&self, params: &Params) -> Answer {
        let id = params.small_number(0)?;
        let filter = match &self.filters().find(id)?.kind {
            Kind::Logs(filter, _) => filter.clone(),
            _ => return Err(RpcError::server("filter not found")),
        };
        self.logs(&filter)
    }
}
