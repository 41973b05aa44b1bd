//! Traces: what a transaction did, frame by frame or instruction by instruction.

mod calls;
mod prestate;
mod room;
mod steps;

use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::BlockOverrides;
use bessemer_evm::Transaction;
use serde::Deserialize;
use serde_json::{Value, json};

use self::calls::CallTracer;
use self::prestate::Touched;
use self::room::Room;
use self::steps::StepTracer;
use super::error::RpcError;
use super::json as form;
use super::params::Params;
use super::send::of_envelope;
use super::{Answer, Rpc};
use crate::backend::{Checks, Environment, Outcome, Refused, StateOverride, Tracer, World};
use crate::block::{Draft, Sealed};

/// The trace options of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    tracer: Option<String>,
    #[serde(default)]
    tracer_config: Value,
    #[serde(default)]
    disable_stack: bool,
    #[serde(default)]
    disable_storage: bool,
    #[serde(default)]
    enable_memory: bool,
    #[serde(default)]
    limit: usize,
    state_overrides: Option<StateOverride>,
    block_overrides: Option<BlockOverrides>,
}

/// The checks of a transaction that runs again: what was checked when its block was made is not.
pub(super) const AGAIN: Checks = Checks { nonce: false, sender_code: false, ..Checks::ALL };

/// A transaction of a block.
pub(super) fn transaction_of(block: &Sealed, index: usize) -> Transaction {
    Transaction { sender: block.senders[index], ..of_envelope(&block.transactions[index]) }
}

/// The tracers that there are.
enum Kind {
    Steps(Box<StepTracer>),
    Calls(CallTracer),
    Prestate { touched: Touched, diff: bool },
    Nothing(Nothing),
}

/// Watches and tells nothing.
struct Nothing {
    room: Room,
}

impl Tracer for Nothing {}

impl Kind {
    fn new(options: &Options, room: Room) -> Result<Self, RpcError> {
        let flag =
            |name: &str| options.tracer_config.get(name).and_then(Value::as_bool).unwrap_or(false);
        Ok(match options.tracer.as_deref() {
            None | Some("") => Self::Steps(Box::new(StepTracer::new(options, room))),
            Some("callTracer") => {
                Self::Calls(CallTracer::new(flag("onlyTopCall"), flag("withLog"), room))
            }
            Some("prestateTracer") => {
                Self::Prestate { touched: Touched::new(room), diff: flag("diffMode") }
            }
            Some("noopTracer") => Self::Nothing(Nothing { room }),
            Some(other) => {
                return Err(RpcError::server(format!(
                    "there is no tracer {other:?}; there are callTracer, prestateTracer, noopTracer, \
                     and struct logs without a tracer"
                )));
            }
        })
    }

    fn tracer(&mut self) -> &mut dyn Tracer {
        match self {
            Self::Steps(tracer) => &mut **tracer,
            Self::Calls(tracer) => tracer,
            Self::Prestate { touched, .. } => touched,
            Self::Nothing(tracer) => tracer,
        }
    }

    /// The answer, and the room that is left for others.
    fn answer(
        self,
        transaction: &Transaction,
        environment: &Environment,
        result: &Ended,
        before: &World,
        after: &World,
    ) -> Result<(Value, Room), RpcError> {
        let (answer, room) = match self {
            Self::Steps(mut tracer) => (tracer.answer(result), tracer.room),
            Self::Calls(mut tracer) => (tracer.answer(transaction, result), tracer.room),
            Self::Prestate { mut touched, diff } => {
                (touched.answer(transaction, environment, before, after, diff)?, touched.room)
            }
            Self::Nothing(nothing) => (json!({}), nothing.room),
        };
        room.check()?;
        Ok((answer, room))
    }
}

/// How a traced transaction ended.
pub(super) struct Ended {
    pub(super) gas_used: u64,
    pub(super) failed: bool,
    pub(super) output: Bytes,
}

impl Rpc {
    fn options(params: &Params, index: usize) -> Result<Options, RpcError> {
        Ok(params.optional(index)?.unwrap_or_default())
    }

    pub(super) fn trace_transaction(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        let options = Self::options(params, 1)?;
        let place = self.node.ledger().transaction(&hash)?;
        let place = place.ok_or_else(|| RpcError::server("transaction not found"))?;
        let mut traced = self.trace_in_block(&place.block, Some(place.index), &options)?;
        traced.pop().map(|(_, trace)| trace).ok_or_else(|| RpcError::internal("nothing was traced"))
    }

    pub(super) fn trace_block_by_number(&self, params: &Params) -> Answer {
        let tag = params.tag(0)?;
        let options = Self::options(params, 1)?;
        let block = self.block(tag.into())?;
        let block = block.ok_or_else(|| RpcError::server(format!("block {tag} not found")))?;
        self.trace_block(&block, &options)
    }

    pub(super) fn trace_block_by_hash(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        let options = Self::options(params, 1)?;
        let block = self.node.ledger().block_by_hash(&hash)?;
        let block = block.ok_or_else(|| RpcError::server(format!("block {hash} not found")))?;
        self.trace_block(&block, &options)
    }

    fn trace_block(&self, block: &Arc<Sealed>, options: &Options) -> Answer {
        let traced = self.trace_in_block(block, None, options)?;
        let entry =
            |(hash, trace): (B256, Value)| json!({ "txHash": form::hash(&hash), "result": trace });
        Ok(traced.into_iter().map(entry).collect())
    }

    /// A block again before its first transaction, and where it stands.
    pub(super) fn begin_again(&self, block: &Sealed) -> Result<(Draft<'_>, Environment), RpcError> {
        let (ledger, spec) = (self.node.ledger(), &self.node.spec);
        let environment = Environment::of_header(spec, &block.header, &ledger.hashes());
        let draft = Draft::begin(
            &self.node.engine,
            spec,
            ledger.before(block)?,
            environment.clone(),
            block.header.parent_hash,
            block.header.parent_beacon_block_root,
        )?;
        Ok((draft, environment))
    }

    /// Runs a block again, and traces one of its transactions or all.
    fn trace_in_block(
        &self,
        block: &Arc<Sealed>,
        only: Option<usize>,
        options: &Options,
    ) -> Result<Vec<(B256, Value)>, RpcError> {
        if block.header.number == 0 {
            return Err(RpcError::server("genesis is not traceable"));
        }
        let (mut draft, environment) = self.begin_again(block)?;
        let mut traces = Vec::new();
        let mut room = Room::new();
        for (index, envelope) in block.transactions.iter().enumerate() {
            let transaction = transaction_of(block, index);
            let gone =
                |refused: Refused| RpcError::internal(format!("transaction {index}: {refused}"));
            if only.is_some_and(|only| only != index) {
                draft.push(&transaction, AGAIN, None).map_err(gone)?;
                continue;
            }
            let mut kind = Kind::new(options, room)?;
            let before = draft.world()?;
            let receipt = draft.push(&transaction, AGAIN, Some(kind.tracer())).map_err(gone)?;
            let result = Ended {
                gas_used: receipt.gas_used,
                failed: receipt.halted.is_some() || receipt.reverted,
                output: receipt.output.clone(),
            };
            let after = draft.world()?;
            let trace;
            (trace, room) = kind.answer(&transaction, &environment, &result, &before, &after)?;
            traces.push((*envelope.tx_hash(), trace));
            if only.is_some() {
                break;
            }
        }
        Ok(traces)
    }

    pub(super) fn trace_call(&self, params: &Params) -> Answer {
        let request = params.request(0)?;
        let selected = self.select(params.block(1)?)?;
        let options = Self::options(params, 2)?;
        let overrides = options.state_overrides.clone().unwrap_or_default();
        let blocks = options.block_overrides.as_ref();
        let prepared = self.prepare_request(&request, selected, overrides, blocks)?;
        let mut kind = Kind::new(&options, Room::new())?;
        let environment = &prepared.selected.environment;
        let world = &prepared.selected.world;
        let mut session = self.node.engine.session(world, environment);
        session.override_state(&prepared.overrides)?;
        let before = session.world(world)?;
        let checks = Checks { funds: prepared.pays, base_fee: prepared.pays, ..Checks::NONE };
        let outcome: Outcome =
            session.transact(&prepared.transaction, checks, Some(kind.tracer()))?;
        let after = session.world(world)?;
        let result = Ended {
            gas_used: outcome.gas_used,
            failed: !outcome.succeeded(),
            output: outcome.output,
        };
        let (trace, _) =
            kind.answer(&prepared.transaction, environment, &result, &before, &after)?;
        Ok(trace)
    }
}
