//! The chain of a running node, by the names of a project.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{B256, TxKind, U256};
use bessemer_chain::Address;
use bessemer_node::{TEST_MNEMONIC, Wallet};
use serde_json::{Value, json};

use super::{Refused, Remote};
use crate::support::abi::Interface;
use crate::support::failure::Failure;
use crate::support::invocation::Options;
use crate::support::local::{Contracts, Folder, Terms};
use crate::support::names::{Names, USERS, closest};
use crate::support::output::hex;

/// The environment variable with the private key of the sender.
pub(crate) const KEY: &str = "BESSEMER_PRIVATE_KEY";

/// The chain of a node.
pub(crate) struct RemoteChain {
    remote: Remote,
    chain_id: u64,
    wallet: Wallet,
    /// The account of the key in the environment.
    own: Option<Address>,
    pub(crate) names: Names,
    folder: Folder,
    contracts: Contracts,
    /// The place in the folder for what is known of this chain.
    place: String,
}

/// A transaction in a block.
pub(crate) struct Sent {
    pub(crate) hash: String,
    pub(crate) receipt: Value,
}

/// How a transaction or a call ended.
pub(crate) type Ended<T> = Result<T, Refused>;

impl RemoteChain {
    /// The chain of the node at a URL; `node`: of the one that this project has started.
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let remote = Remote::at(url)?;
        let chain_id = number(&remote.result("eth_chainId", &json!([]))?)?;
        let first = remote.result("eth_getBlockByNumber", &json!(["0x0", false]))?;
        let first = first["hash"].as_str().unwrap_or_default().to_owned();
        let folder = Folder::find()?;
        let first = first.get(2..18).filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
        let place = format!("nodes/{chain_id}-{}", first.unwrap_or("unknown"));
        let contracts = Contracts::read_from(&folder, &names_file(&place))?;

        let count = u32::try_from(USERS.len()).unwrap_or(u32::MAX);
        let wallet = Wallet::from_mnemonic(TEST_MNEMONIC, count);
        let mut wallet = wallet.map_err(|error| Failure::Other(error.to_string()))?;
        let mut names = Names::default();
        for (user, address) in USERS.iter().zip(wallet.addresses()) {
            names.insert(*user, Address::new(address.into_array()));
        }
        for (name, address) in &contracts.0 {
            names.insert(name, *address);
        }
        let own = own_key()?.map(|key| {
            let address = wallet.add_secret(&key);
            let wrong = || Failure::Usage(format!("{KEY} is not a private key of secp256k1"));
            Ok::<_, Failure>(Address::new(address.ok_or_else(wrong)?.into_array()))
        });
        let own = own.transpose()?;
        Ok(Self { remote, chain_id, wallet, own, names, folder, contracts, place })
    }

    /// The terms that options say. Unless they say a sender, it is the account of the key in the
    /// environment, or alice.
    pub(crate) fn terms(&self, options: &Options) -> Result<Terms, Failure> {
        let sender = self.own.map_or_else(|| USERS[0].to_owned(), |address| address.to_string());
        let terms = options.terms_of(&self.names, &sender)?;
        if terms.at.is_some() {
            return Err(Failure::Usage(
                "--at is not taken with --rpc: a node decides the times of its blocks".to_owned(),
            ));
        }
        Ok(terms)
    }

    /// Gives a contract a name, and keeps its interface.
    pub(crate) fn name(
        &mut self,
        name: &str,
        address: Address,
        interface: Option<&Interface>,
    ) -> Result<(), Failure> {
        self.folder.create()?;
        if let Some(interface) = interface {
            self.folder.keep_interface(&self.interface_file(&address), interface)?;
        }
        self.contracts.0.insert(name.to_owned(), address);
        self.names.insert(name, address);
        self.contracts.write_to(&self.folder, &names_file(&self.place))
    }

    /// The address of a contract by its name, or of anything by its address.
    pub(crate) fn address(&self, text: &str) -> Result<Address, Failure> {
        if !text.starts_with("0x") && self.names.address(text).is_err() {
            let known = self.contracts.0.keys().map(String::as_str);
            let hint = closest(text, known).map(|name| format!(": did you mean `{name}`?"));
            return Err(Failure::Usage(format!(
                "nothing was deployed as `{text}` on the chain of this node by this project{}",
                hint.unwrap_or_else(|| ", so say its address".to_owned())
            )));
        }
        self.names.address(text).map_err(Failure::Usage)
    }

    fn interface_file(&self, address: &Address) -> String {
        format!("{}/{address}.json", self.place)
    }

    /// The interface of a contract, as it was deployed from here, or as the node tells it.
    pub(crate) fn interface(&self, address: &Address) -> Result<Interface, Failure> {
        let unknown = |why: &str| {
            Failure::Usage(format!(
                "the interface of {} is not known: {why}; call it with encoded input, 0x...",
                self.names.show(address)
            ))
        };
        if let Some(kept) = self.folder.kept_interface(&self.interface_file(address))? {
            return Ok(kept);
        }
        let told = match self.remote.ask("bessemer_getInterface", &json!([address.to_string()]))? {
            Ok(told) => told,
            Err(refused) if refused.code == -32601 => {
                return Err(unknown("the node does not tell interfaces"));
            }
            Err(refused) => return Err(refused.failure()),
        };
        match told.get("interface").filter(|interface| !interface.is_null()) {
            Some(interface) => Interface::parse(interface.to_string().as_bytes())
                .map_err(|reason| unknown(&reason)),
            None if told["kind"] == "none" => Err(Failure::Usage(format!(
                "{} is not a contract on the chain of this node",
                self.names.show(address)
            ))),
            None => Err(unknown("the contract does not carry it")),
        }
    }

    /// Calls without a transaction.
    pub(crate) fn call(
        &self,
        to: &Address,
        input: &[u8],
        terms: &Terms,
    ) -> Result<Ended<Vec<u8>>, Failure> {
        let request = request(Some(to), input, terms);
        match self.remote.ask("eth_call", &json!([request, "latest"]))? {
            Ok(output) => bytes(&output).map(Ok),
            Err(refused) if refused.is_of_contract() => Ok(Err(refused)),
            Err(refused) => Err(refused.failure()),
        }
    }

    /// Sends a transaction, and waits until it is in a block. `Err`: the contract would revert, so
    /// nothing was sent.
    pub(crate) fn send(
        &self,
        to: Option<&Address>,
        input: Vec<u8>,
        terms: &Terms,
    ) -> Result<Ended<Sent>, Failure> {
        let sender = alloy_primitives::Address::from(*terms.from.as_bytes());
        let gas_limit = match terms.gas {
            Some(gas) => gas,
            None => {
                let request = request(to, &input, terms);
                match self.remote.ask("eth_estimateGas", &json!([request]))? {
                    Ok(gas) => number(&gas)?,
                    Err(refused) if refused.is_of_contract() => return Ok(Err(refused)),
                    Err(refused) => return Err(refused.failure()),
                }
            }
        };
        let from = terms.from.to_string();
        let nonce =
            number(&self.remote.result("eth_getTransactionCount", &json!([from, "pending"]))?)?;
        let head = self.remote.result("eth_getBlockByNumber", &json!(["latest", false]))?;
        let base_fee = match head.get("baseFeePerGas") {
            Some(fee) => number(fee)?,
            None => 0,
        };
        let tip = number(&self.remote.result("eth_maxPriorityFeePerGas", &json!([]))?)?;
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: u128::from(base_fee) * 2 + u128::from(tip),
            max_priority_fee_per_gas: tip.into(),
            to: to.map_or(TxKind::Create, |to| TxKind::Call((*to.as_bytes()).into())),
            value: U256::from_le_bytes(terms.value.to_le_bytes::<32>()),
            input: input.into(),
            ..TxEip1559::default()
        };
        let signature = self.wallet.sign(&sender, &transaction.signature_hash());
        let signature = signature.ok_or_else(|| {
            Failure::Usage(format!(
                "there is no key of {from}: send from {}, or put a private key into {KEY}",
                USERS.join(", ")
            ))
        })?;
        let raw = TxEnvelope::from(transaction.into_signed(signature)).encoded_2718();
        let raw = format!("0x{}", hex(&raw));
        let hash = self.remote.result("eth_sendRawTransaction", &json!([raw]))?;
        let receipt = self.remote.receipt(&hash)?;
        Ok(Ok(Sent { hash: hash.as_str().unwrap_or_default().to_owned(), receipt }))
    }

    /// The receipt of a transaction; null if it is in no block.
    pub(crate) fn receipt(&self, hash: &str) -> Result<Value, Failure> {
        self.remote.result("eth_getTransactionReceipt", &json!([hash]))
    }
}

impl Refused {
    /// Whether a contract failed, and not the request.
    fn is_of_contract(&self) -> bool {
        self.code == 3
    }

    /// The output of a contract that reverted.
    pub(crate) fn output(&self) -> Vec<u8> {
        self.data.as_ref().and_then(|data| bytes(data).ok()).unwrap_or_default()
    }
}

/// The names of contracts on a chain.
fn names_file(place: &str) -> String {
    format!("{place}/contracts.json")
}

/// The private key in the environment.
fn own_key() -> Result<Option<B256>, Failure> {
    let Some(text) = std::env::var_os(KEY) else { return Ok(None) };
    // the key itself is not printed
    let wrong = || Failure::Usage(format!("{KEY} is not 0x and 64 hexadecimal digits"));
    let text = text.to_str().ok_or_else(wrong)?;
    let bytes = ::hex::decode(text.trim()).map_err(|_| wrong())?;
    B256::try_from(bytes.as_slice()).map(Some).map_err(|_| wrong())
}

fn request(to: Option<&Address>, input: &[u8], terms: &Terms) -> Value {
    let mut request = json!({
        "from": terms.from.to_string(),
        "input": format!("0x{}", hex(input)),
        "value": format!("{:#x}", terms.value),
    });
    if let Some(to) = to {
        request["to"] = to.to_string().into();
    }
    if let Some(gas) = terms.gas {
        request["gas"] = format!("{gas:#x}").into();
    }
    request
}

/// A number of at most 64 bits as nodes write it.
pub(crate) fn number(value: &Value) -> Result<u64, Failure> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| Failure::Other(format!("the node sent {value} in place of a number")))
}

/// Bytes as nodes write them.
pub(crate) fn bytes(value: &Value) -> Result<Vec<u8>, Failure> {
    let bytes = value.as_str().and_then(|text| ::hex::decode(text).ok());
    bytes.ok_or_else(|| Failure::Other(format!("the node sent {value} in place of bytes")))
}
