//! Methods that only this node has: contracts by their interfaces, and explanations of transactions.

mod explain;
mod forms;
mod interfaces;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use bessemer_chain::store::View;
use bessemer_chain::{Code, StateKey};
use bessemer_interface::Interface;
use serde_json::{Value, json};

use super::error::RpcError;
use super::json::{self as form, quantity};
use super::params::Params;
use super::{Answer, Rpc};
use crate::backend::chain_address;

pub(super) use self::interfaces::Interfaces;

impl Rpc {
    /// What an account is: kind of its code, size and interface. Of an interface in the place of the
    /// address, the same with signatures and selectors.
    pub(super) fn get_interface(&self, params: &Params) -> Answer {
        if let Some(Value::Array(_)) = params.value(0) {
            let interface = self.needed_interface(params)?;
            return Ok(json!({ "kind": "given", "interface": forms::described(&interface) }));
        }
        let address: Address = params.get(0)?;
        let world = self.world(params.block(1)?)?;
        let account = world.account(&chain_address(&address))?;
        let interface = self.interfaces.of(&world, &address)?;
        let (kind, size) = match account.code {
            None => ("none", 0),
            Some(Code::Evm(_)) => ("evm", world.code(&chain_address(&address))?.len()),
            Some(Code::RiscV(hash)) => {
                let file = world.get(&StateKey::Code(hash))?;
                ("riscv", file.map_or(0, |file| file.len()))
            }
        };
        Ok(json!({
            "kind": kind,
            "codeHash": account.code.map(|code| code.hash().to_string()),
            "size": quantity(size as u64),
            "interface": interface.map(|interface| forms::described(&interface)),
        }))
    }

    /// Which function calldata calls, with its arguments; null if nothing says so.
    pub(super) fn decode_input(&self, params: &Params) -> Answer {
        let interface = self.interface_of(params)?;
        let input: Bytes = params.get(1)?;
        Ok(interface.and_then(|interface| forms::call(&interface, &input)).unwrap_or(Value::Null))
    }

    /// Which event a log is, with its fields; null if nothing says so.
    pub(super) fn decode_log(&self, params: &Params) -> Answer {
        let interface = self.interface_of(params)?;
        let (topics, data): (Vec<B256>, Bytes) = (params.get(1)?, params.get(2)?);
        let event = interface.and_then(|interface| forms::event(&interface, &topics, &data));
        Ok(event.unwrap_or(Value::Null))
    }

    /// Which error revert data is, with its fields; null if nothing says so.
    pub(super) fn decode_error(&self, params: &Params) -> Answer {
        let interface = self.interface_of(params)?;
        let data: Bytes = params.get(1)?;
        Ok(forms::error(interface.as_deref(), &data).unwrap_or(Value::Null))
    }

    /// Calldata of a function by its name or signature and arguments as people write them; behind the
    /// name `constructor`, the arguments that stand behind initcode.
    pub(super) fn encode_call(&self, params: &Params) -> Answer {
        let interface = self.needed_interface(params)?;
        let (function, arguments): (String, Vec<Value>) = (params.get(1)?, params.get(2)?);
        Ok(form::bytes(&forms::encode(&interface, &function, &arguments)?))
    }

    /// The values that a function returned.
    pub(super) fn decode_output(&self, params: &Params) -> Answer {
        let interface = self.needed_interface(params)?;
        let (function, output): (String, Bytes) = (params.get(1)?, params.get(2)?);
        forms::output(&interface, &function, &output)
    }

    /// A whole transaction in words: frames, functions, events, and where it failed.
    pub(super) fn explain_transaction(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        let place = self.node.ledger().transaction(&hash)?;
        let place = place.ok_or_else(|| RpcError::server("transaction not found"))?;
        self.explain(&place)
    }

    /// The interface that the first parameter is (as Solidity's tools write it), or that the account with
    /// this address has.
    fn interface_of(&self, params: &Params) -> Result<Option<Arc<Interface>>, RpcError> {
        if let Some(abi @ Value::Array(_)) = params.value(0) {
            let interface = Interface::parse(abi.to_string().as_bytes());
            return interface.map(|interface| Some(Arc::new(interface))).map_err(RpcError::params);
        }
        let address: Address = params.get(0)?;
        self.interfaces.of(&self.node.ledger().world.clone(), &address)
    }

    fn needed_interface(&self, params: &Params) -> Result<Arc<Interface>, RpcError> {
        self.interface_of(params)?.ok_or_else(|| {
            RpcError::server(
                "the account has no interface: give one, an array, in the place of the address",
            )
        })
    }
}
