//! A development node over HTTP, and a client that fails where an answer is not what it should be.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::needless_pass_by_value, reason = "callers make parameters where they pass them")]

use std::path::Path;
use std::sync::Arc;

use bessemer_node::spec::{Development, Fork, Genesis};
use bessemer_node::{
    Archive, Background, Config, Limits, Mining, Node, ServerOptions, StartError, TEST_MNEMONIC,
    Wallet,
};
use serde_json::{Value, json};

pub(crate) const ALICE: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
pub(crate) const BOB: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

/// The settings of a node on a chain in memory.
pub(crate) fn config(mining: Mining) -> Config {
    let wallet = Wallet::from_mnemonic(TEST_MNEMONIC, 3).unwrap();
    let genesis = Genesis::development(&Development {
        chain_id: 31_337,
        fork: Fork::NEWEST,
        timestamp: 1_700_000_000,
        gas_limit: 30_000_000,
        base_fee: 1_000_000_000,
        accounts: wallet.addresses().collect(),
        balance: "10000000000000000000000".parse().unwrap(),
    });
    Config {
        genesis,
        wallet,
        mining,
        base_fee: None,
        pool: Limits::default(),
        call_gas: 50_000_000,
        archive: None,
        sources: bessemer_node::no_sources(),
    }
}

/// A node on the chain in a folder.
pub(crate) fn node_in(folder: &Path) -> Result<Arc<Node>, StartError> {
    let archive = Some(Archive::open(folder)?);
    Node::start(Config { archive, ..config(Mining::Automatic) })
}

pub(crate) fn serve(node: Arc<Node>) -> Background {
    let options = ServerOptions { address: ([127, 0, 0, 1], 0).into(), ..ServerOptions::default() };
    Background::start(node, &options).unwrap()
}

/// Asks a node.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) agent: ureq::Agent,
}

impl Client {
    pub(crate) fn of(url: String) -> Self {
        Self {
            url,
            agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
        }
    }

    /// The body of the answer; an error if the node is gone.
    pub(crate) fn try_post(&self, body: &str) -> Result<String, ureq::Error> {
        let sent = self.agent.post(&self.url).content_type("application/json");
        let mut answer = sent.send(body.as_bytes())?;
        assert_eq!(answer.status(), 200, "{body}");
        answer.body_mut().read_to_string()
    }

    pub(crate) fn post(&self, body: &str) -> String {
        self.try_post(body).unwrap()
    }

    /// The whole answer; `None` if the node is gone.
    pub(crate) fn try_answer(&self, method: &str, params: &Value) -> Option<Value> {
        let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        serde_json::from_str(&self.try_post(&request.to_string()).ok()?).ok()
    }

    pub(crate) fn answer(&self, method: &str, params: Value) -> Value {
        self.try_answer(method, &params).expect("the node answers")
    }

    pub(crate) fn result(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(crate) fn error(&self, method: &str, params: Value) -> (i64, String) {
        let answer = self.answer(method, params);
        let error = &answer["error"];
        assert!(error.is_object(), "{method}: {answer}");
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }
}

/// A node in this process with its client.
pub(crate) struct Served {
    pub(crate) server: Background,
    pub(crate) client: Client,
}

impl Served {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        let server = serve(node);
        let client = Client::of(format!("http://{}", server.address()));
        Self { server, client }
    }
}

impl std::ops::Deref for Served {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
