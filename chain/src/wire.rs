//! The one way to write a transaction as bytes.

use std::collections::BTreeSet;

use crate::encoding::encode_key;
use crate::key::StateKey;
use crate::transaction::{Action, Transaction};

/// First byte of every encoding.
const VERSION: u8 = 1;

impl Transaction {
    /// The transaction as bytes; no two transactions have the same.
    ///
    /// | Field | Bytes |
    /// |---|---|
    /// | version | 1 |
    /// | sender | 20 |
    /// | nonce, gas limit | 8 each |
    /// | gas price, value | 32 each |
    /// | call | 0, account (20), input (bytes) |
    /// | deploy | 1, file (bytes), input (bytes), salt |
    /// | create | 2, code hash (32), input (bytes), salt |
    /// | access list | 0; or 1, keys read, keys written |
    ///
    /// One of call, deploy and create is there. Numbers are least significant byte first. `bytes` is
    /// a length of 4 bytes and that many bytes; a salt is 0, or 1 and 32 bytes; keys are their number
    /// in 4 bytes and each key as bytes, in ascending order.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(self.sender.as_bytes());
        out.extend_from_slice(&self.nonce.to_le_bytes());
        out.extend_from_slice(&self.gas_limit.to_le_bytes());
        out.extend_from_slice(&self.gas_price.to_le_bytes::<32>());
        out.extend_from_slice(&self.value.to_le_bytes::<32>());
        match &self.action {
            Action::Call { to, input } => {
                out.push(0);
                out.extend_from_slice(to.as_bytes());
                put_bytes(&mut out, input);
            }
            Action::Deploy { code, input, salt } => {
                out.push(1);
                put_bytes(&mut out, code);
                put_bytes(&mut out, input);
                put_salt(&mut out, salt.as_ref());
            }
            Action::Create { code, input, salt } => {
                out.push(2);
                out.extend_from_slice(code.as_bytes());
                put_bytes(&mut out, input);
                put_salt(&mut out, salt.as_ref());
            }
        }
        out.push(self.access.is_some().into());
        if let Some(access) = &self.access {
            put_keys(&mut out, &access.reads);
            put_keys(&mut out, &access.writes);
        }
        out
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_salt(out: &mut Vec<u8>, salt: Option<&[u8; 32]>) {
    out.push(salt.is_some().into());
    out.extend_from_slice(salt.map_or(&[], |salt| salt.as_slice()));
}

fn put_keys(out: &mut Vec<u8>, keys: &BTreeSet<StateKey>) {
    put_count(out, keys.len());
    keys.iter().for_each(|key| put_bytes(out, &encode_key(key)));
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    // what has 2^32 parts is far above every limit of a transaction, and shares its bytes with none
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    out.extend_from_slice(&count.to_le_bytes());
}
