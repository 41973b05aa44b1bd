//! Transactions and queries, said in one line.

use std::any::type_name;
use std::sync::Arc;

use bessemer_runtime::InterruptHandle;
use bessemer_types::{Address, Decode, EncodeFields, U256, decode, encode, encode_behind};
use sha3::{Digest, Keccak256};

use crate::access::AccessList;
use crate::chain::{Chain, ChainError};
use crate::inspect::Inspector;
use crate::receipt::{Receipt, Status};
use crate::signature::canonical;
use crate::state::State;
use crate::transaction::{Action, Transaction};

/// The gas limit of a request that does not set one; a deployment adds the price of its code.
pub const DEFAULT_GAS: u64 = 1 << 30;

/// The receiver of a request: a chain, which executes it, or a state, which simulates it.
pub trait Asked {
    /// The state to query.
    fn state(&self) -> &State;
}

impl Asked for &mut Chain {
    fn state(&self) -> &State {
        self
    }
}

impl Asked for &State {
    fn state(&self) -> &State {
        self
    }
}

/// The terms that calls and deployments have in common.
struct Common<'c, A> {
    asked: A,
    from: Address,
    value: U256,
    gas: Option<u64>,
    gas_price: U256,
    access: Option<Arc<AccessList>>,
    inspector: Option<&'c mut (dyn Inspector + Send)>,
    interrupt: Option<InterruptHandle>,
}

/// Builds a call of a contract. Finish it with `send`, [`simulate`](Self::simulate) or
/// [`query`](Self::query). A request to a [`State`](crate::State) has no `send`.
#[must_use = "a request does nothing until it is sent"]
pub struct CallRequest<'c, A = &'c mut Chain> {
    common: Common<'c, A>,
    to: Address,
    input: Vec<u8>,
    /// The fault of the signature, until there is another input.
    wrong: Option<ChainError>,
}

/// Builds a deployment. Finish it with `create`, `send` or [`simulate`](Self::simulate). A request to a
/// [`State`](crate::State) can only be simulated.
#[must_use = "a request does nothing until it is sent"]
pub struct DeployRequest<'c, A = &'c mut Chain> {
    common: Common<'c, A>,
    code: Arc<[u8]>,
    input: Vec<u8>,
    salt: Option<[u8; 32]>,
}

macro_rules! common_setters {
    () => {
        /// The sender; by default the zero address.
        pub fn from(mut self, sender: Address) -> Self {
            self.common.from = sender;
            self
        }

        /// The value, in the smallest unit; by default 0.
        pub fn value(mut self, value: U256) -> Self {
            self.common.value = value;
            self
        }

        /// The gas limit.
        pub fn gas(mut self, limit: u64) -> Self {
            self.common.gas = Some(limit);
            self
        }

        /// The price of a unit of gas; by default 0.
        pub fn gas_price(mut self, price: U256) -> Self {
            self.common.gas_price = price;
            self
        }

        /// The keys that may be used; all unless said.
        pub fn access(mut self, declared: AccessList) -> Self {
            self.common.access = Some(Arc::new(declared));
            self
        }

        /// Tells an inspector what happens.
        pub fn inspect(mut self, inspector: &'c mut (dyn Inspector + Send)) -> Self {
            self.common.inspector = Some(inspector);
            self
        }

        /// Lets this handle end a query or a simulation, which then is an error of the host: for
        /// deadlines. What is sent cannot be ended, nor can EVM bytecode.
        pub fn interrupt_by(mut self, handle: &InterruptHandle) -> Self {
            self.common.interrupt = Some(handle.clone());
            self
        }

        /// Finds out what sending it would do, and keeps nothing. The receipt's diagnosis
        /// has the access list.
        ///
        /// # Errors
        ///
        /// [`ChainError::Refused`] if it cannot be part of a block; otherwise the host's failures.
        pub fn simulate(self) -> Result<Receipt, ChainError> {
            let (mut common, action) = self.split()?;
            let transaction = common.transaction(action)?;
            let inspector = common.inspector.map(unsend);
            let interrupt = common.interrupt.as_ref();
            common.asked.state().simulate_until(&transaction, inspector, interrupt)
        }
    };
}

/// An inspector for this thread.
fn unsend<'i>(inspector: &'i mut (dyn Inspector + Send)) -> &'i mut (dyn Inspector + 'i) {
    inspector
}

macro_rules! send {
    () => {
        /// Runs it as a block of one transaction, which is durable when this returns. A transaction
        /// that fails is part of the block and has a receipt too.
        ///
        /// # Errors
        ///
        /// [`ChainError::Refused`] if it cannot be part of a block; otherwise the host's failures.
        pub fn send(self) -> Result<Receipt, ChainError> {
            let (mut common, action) = self.split()?;
            let transaction = common.transaction(action)?;
            let mut block = common.asked.block();
            block.push_inspected(&transaction, common.inspector.map(unsend))?;
            let mut receipts = block.commit()?.receipts;
            Ok(receipts.remove(0))
        }
    };
}

impl<'c> CallRequest<'c> {
    send!();
}

impl<'c> DeployRequest<'c> {
    send!();

    /// Deploys, and gives the address of the contract.
    ///
    /// # Errors
    ///
    /// [`ChainError::Failed`] with the receipt if there is no contract now; otherwise as
    /// [`send`](Self::send).
    pub fn create(self) -> Result<Address, ChainError> {
        let receipt = self.send()?;
        match receipt.contract() {
            Some(address) => Ok(address),
            None => Err(ChainError::Failed(Box::new(receipt))),
        }
    }
}

impl<'c, A: Asked> CallRequest<'c, A> {
    pub(crate) fn new(asked: A, to: Address, signature: &str) -> Self {
        let (input, wrong) = match canonical(signature) {
            _ if signature.is_empty() => (Vec::new(), None),
            Ok(signature) => (hashed(&signature).to_vec(), None),
            Err(reason) => {
                let signature = signature.to_owned();
                (Vec::new(), Some(ChainError::Signature { signature, reason }))
            }
        };
        Self { common: Common::new(asked), to, input, wrong }
    }

    /// The arguments, as a tuple: encoded as Solidity does, behind the selector.
    #[expect(clippy::needless_pass_by_value, reason = "tuples are written in place")]
    pub fn args(mut self, arguments: impl EncodeFields) -> Self {
        self.input.truncate(4);
        self.input = encode_behind(&self.input, &arguments);
        self
    }

    /// The whole input, instead of selector and arguments.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self.wrong = None;
        self
    }

    common_setters!();

    /// Runs it in a frame that changes nothing, without a transaction, and decodes what it returns.
    ///
    /// # Errors
    ///
    /// [`ChainError::NoCode`] if there is no contract, [`ChainError::Failed`] if it did not return,
    /// [`ChainError::Output`] if it returned something else; otherwise the host's failures.
    pub fn query<T: for<'a> Decode<'a>>(self) -> Result<T, ChainError> {
        let contract = self.to;
        let output = self.query_bytes()?;
        match decode(&output) {
            Ok((value,)) => Ok(value),
            Err(source) => {
                let expected = type_name::<T>();
                Err(ChainError::Output { contract, expected, output, source })
            }
        }
    }

    /// Like [`query`](Self::query), without decoding.
    ///
    /// # Errors
    ///
    /// [`ChainError::NoCode`] if there is no contract, [`ChainError::Failed`] if it did not return;
    /// otherwise the host's failures.
    pub fn query_bytes(self) -> Result<Vec<u8>, ChainError> {
        let Self { mut common, to, input, wrong } = self;
        wrong.map_or(Ok(()), Err)?;
        let state = common.asked.state();
        let mut processor = state.processor(state.view(), *state.info());
        processor.executor.interrupt = common.interrupt;
        let limit = common.gas.unwrap_or(DEFAULT_GAS);
        let mut inspector = common.inspector.take().map(unsend);
        let ended = processor.query(common.from, to, input, limit, &mut inspector)?;
        let ended = ended.ok_or(ChainError::NoCode { contract: to })?;
        if ended.status == Status::Return {
            return Ok(ended.output);
        }
        Err(ChainError::Failed(Box::new(Receipt {
            height: state.info().height,
            index: 0,
            sender: common.from,
            to,
            status: ended.status,
            gas_used: limit - ended.gas_left,
            output: ended.output,
            events: Vec::new(),
            created: Vec::new(),
            diagnosis: std::mem::take(&mut processor.session().diagnosis),
        })))
    }

    fn split(self) -> Result<(Common<'c, A>, Action), ChainError> {
        match self.wrong {
            Some(error) => Err(error),
            None => Ok((self.common, Action::Call { to: self.to, input: self.input })),
        }
    }
}

impl<'c, A: Asked> DeployRequest<'c, A> {
    pub(crate) fn new(asked: A, code: Arc<[u8]>) -> Self {
        Self { common: Common::new(asked), code, input: Vec::new(), salt: None }
    }

    /// The constructor's arguments, as a tuple: encoded as Solidity does.
    #[expect(clippy::needless_pass_by_value, reason = "tuples are written in place")]
    pub fn args(mut self, arguments: impl EncodeFields) -> Self {
        self.input = encode(&arguments);
        self
    }

    /// The constructor's whole input.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Makes the address follow from this instead of the sender's nonce.
    pub fn salt(mut self, salt: [u8; 32]) -> Self {
        self.salt = Some(salt);
        self
    }

    common_setters!();

    #[expect(clippy::unnecessary_wraps, reason = "as that of a call")]
    fn split(self) -> Result<(Common<'c, A>, Action), ChainError> {
        Ok((self.common, Action::Deploy { code: self.code, input: self.input, salt: self.salt }))
    }
}

impl<A: Asked> Common<'_, A> {
    fn new(asked: A) -> Self {
        Self {
            asked,
            from: Address::ZERO,
            value: U256::ZERO,
            gas: None,
            gas_price: U256::ZERO,
            access: None,
            inspector: None,
            interrupt: None,
        }
    }

    /// The transaction that this is, as the next one of its sender.
    fn transaction(&mut self, action: Action) -> Result<Transaction, ChainError> {
        let state = self.asked.state();
        let prices = *state.prices();
        let code = if let Action::Deploy { code, .. } = &action { code.len() as u64 } else { 0 };
        let gas_limit = self.gas.unwrap_or(DEFAULT_GAS + code * prices.code_byte);
        Ok(Transaction {
            sender: self.from,
            nonce: state.account(&self.from)?.nonce,
            gas_limit,
            gas_price: self.gas_price,
            value: self.value,
            action,
            access: self.access.take(),
        })
    }
}

/// The selector of a function: the first four bytes of the Keccak-256 hash of its signature. Spaces in it
/// do not count, and `uint` is `uint256`.
///
/// ```
/// assert_eq!(bessemer_chain::selector("transfer(address,uint256)"), [0xa9, 0x05, 0x9c, 0xbb]);
/// assert_eq!(bessemer_chain::selector("transfer(address, uint)"), [0xa9, 0x05, 0x9c, 0xbb]);
/// ```
///
/// # Panics
///
/// If it is not a signature: no name with types of Solidity in parentheses.
pub fn selector(signature: &str) -> [u8; 4] {
    match canonical(signature) {
        Ok(signature) => hashed(&signature),
        Err(reason) => panic!("`{signature}` is not a signature: {reason}"),
    }
}

fn hashed(signature: &str) -> [u8; 4] {
    let digest: [u8; 32] = Keccak256::digest(signature).into();
    let (first, _) = digest.split_first_chunk().expect("a digest has more than four bytes");
    *first
}
