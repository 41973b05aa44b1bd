//! A running node, asked over JSON-RPC.

pub(crate) mod chain;
pub(crate) mod endpoint;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::failure::Failure;
use crate::support::local::Folder;

/// How long a node may take for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most bytes of an answer.
const MOST_BYTES: u64 = 256 << 20;

/// A node.
pub(crate) struct Remote {
    url: String,
    agent: ureq::Agent,
    /// The node is the one of this project.
    is_own: bool,
}

/// An error that a node answered with.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Remote {
    /// The node at a URL; `node`: the one that this project has started.
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let is_own = url == "node";
        let url = if is_own { endpoint::of_project(&Folder::find()?)? } else { url.to_owned() };
        if !url.starts_with("http://") {
            return Err(Failure::Usage(format!(
                "`{url}` is not the URL of a node: write http://HOST:PORT, or `node` for the one of this \
                 project (TLS is not spoken: put a proxy before the node)"
            )));
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        Ok(Self { url, agent: agent.into(), is_own })
    }

    /// What the node answers.
    pub(crate) fn ask(
        &self,
        method: &str,
        params: &Value,
    ) -> Result<Result<Value, Refused>, Failure> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let failed = |reason: String| {
            let hint = if self.is_own {
                "; start the node again with `bessemer node --state`"
            } else {
                ""
            };
            Failure::Other(format!("the node at {} does not answer: {reason}{hint}", self.url))
        };
        let sent = self.agent.post(&self.url).content_type("application/json");
        let mut answer =
            sent.send(request.to_string()).map_err(|error| failed(error.to_string()))?;
        let body = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        let body = body.map_err(|error| failed(error.to_string()))?;
        let strange = || {
            failed(format!(
                "what it sent is not JSON-RPC (HTTP status {})",
                answer.status().as_u16()
            ))
        };
        let mut answer: Value = serde_json::from_slice(&body).map_err(|_| strange())?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            return Ok(Err(Refused {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or("no message").to_owned(),
                data: error.get("data").filter(|data| !data.is_null()).cloned(),
            }));
        }
        match answer.get_mut("result") {
            Some(result) => Ok(Ok(result.take())),
            None => Err(strange()),
        }
    }

    /// What the node answers; an error is a failure.
    pub(crate) fn result(&self, method: &str, params: &Value) -> Result<Value, Failure> {
        self.ask(method, params)?.map_err(Refused::failure)
    }
}

impl Refused {
    pub(crate) fn failure(self) -> Failure {
        let Self { code, message, data } = self;
        let data = data.map(|data| match data {
            Value::String(text) => format!(", data {text}"),
            data => format!(", data {data}"),
        });
        Failure::Other(format!(
            "the node refused: {message} (code {code}{})",
            data.unwrap_or_default()
        ))
    }
}

/// How long a transaction may wait for a block.
const BLOCK_PATIENCE: Duration = Duration::from_secs(60);

impl Remote {
    /// Waits for the receipt of a transaction.
    pub(crate) fn receipt(&self, hash: &Value) -> Result<Value, Failure> {
        let begin = std::time::Instant::now();
        loop {
            let receipt = self.result("eth_getTransactionReceipt", &json!([hash]))?;
            if !receipt.is_null() {
                return Ok(receipt);
            }
            if begin.elapsed() > BLOCK_PATIENCE {
                let hash = hash.as_str().unwrap_or_default();
                return Err(Failure::Other(format!(
                    "transaction {hash} is in no block after {} seconds; `bessemer rpc \
                     eth_getTransactionReceipt {hash}` asks again",
                    BLOCK_PATIENCE.as_secs()
                )));
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}
