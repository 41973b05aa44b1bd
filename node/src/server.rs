//! The server: HTTP and WebSocket on one port, and what stands before the methods.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use jsonrpsee::core::BoxError;
use jsonrpsee::server::{
    BatchRequestConfig, HttpBody, HttpRequest, HttpResponse, PingConfig, RandomStringIdProvider,
    Server, ServerConfig, ServerHandle,
};
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use crate::explorer;
use crate::node::Node;
use crate::rpc::Rpc;

/// The address of a server, and its limits.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where it listens.
    pub address: SocketAddr,
    /// Web pages from which browsers may send requests; `*`: all of them.
    pub origins: Vec<String>,
    /// Names in the header `Host` that are answered besides addresses and `localhost`; `*`: all of
    /// them. A web page cannot reach the node by a name that its owner points to it.
    pub hosts: Vec<String>,
    /// The most bytes of a request.
    pub request_bytes: u32,
    /// The most bytes of an answer.
    pub response_bytes: u32,
    /// The most requests in a batch.
    pub batch: u32,
    /// The most connections at one time.
    pub connections: u32,
    /// The most subscriptions of a connection.
    pub subscriptions: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8545)),
            origins: Vec::new(),
            hosts: Vec::new(),
            request_bytes: 15 << 20,
            response_bytes: 150 << 20,
            batch: 1000,
            connections: 1000,
            subscriptions: 128,
        }
    }
}

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The port cannot be used.
    #[error("{address} cannot be listened on: {error}; choose another port with --port")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's reason.
        error: std::io::Error,
    },
    /// An origin is malformed.
    #[error("{0:?} is not an origin of web pages; write it like https://example.org")]
    Origin(String),
    /// Two methods have one name.
    #[error(transparent)]
    Methods(#[from] jsonrpsee::core::RegisterMethodError),
}

/// A server that answers. It ends when [`Running::stop`] is called.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl Running {
    /// Stops taking requests; those that run are answered.
    pub async fn stop(self) {
        // it may have ended by itself
        let _ = self.handle.stop();
        let limit = Duration::from_secs(5);
        let _ = tokio::time::timeout(limit, self.handle.stopped()).await;
    }
}

/// Starts to answer requests.
///
/// # Errors
///
/// If the port cannot be used, or an origin is malformed.
pub async fn serve(node: Arc<Node>, options: &ServerOptions) -> Result<Running, ServerError> {
    let config = ServerConfig::builder()
        .max_request_body_size(options.request_bytes)
        .max_response_body_size(options.response_bytes)
        .max_connections(options.connections)
        .max_subscriptions_per_connection(options.subscriptions)
        .set_batch_request_config(BatchRequestConfig::Limit(options.batch))
        .set_message_buffer_capacity(1024)
        .set_id_provider(RandomStringIdProvider::new(32))
        .enable_ws_ping(PingConfig::new().ping_interval(Duration::from_secs(30)))
        .set_tcp_no_delay(true)
        .build();
    let middleware = tower::ServiceBuilder::new()
        .layer(GateLayer { node: Arc::clone(&node), hosts: options.hosts.clone().into() })
        .layer(cors(&options.origins)?);
    let address = options.address;
    let server = Server::builder().set_config(config).set_http_middleware(middleware);
    let server =
        server.build(address).await.map_err(|error| ServerError::Listen { address, error })?;
    let address = server.local_addr().map_err(|error| ServerError::Listen { address, error })?;
    let module = Arc::new(Rpc::new(node)).module()?;
    Ok(Running { address, handle: server.start(module) })
}

/// A server with threads of its own, for programs that are not asynchronous. It ends when it is dropped.
pub struct Background {
    runtime: Option<tokio::runtime::Runtime>,
    running: Option<Running>,
    address: SocketAddr,
    node: Arc<Node>,
}

/// Threads that methods run contracts on at one time; further requests wait.
const RUNNERS: usize = 32;

impl Background {
    /// Starts to answer requests.
    ///
    /// # Errors
    ///
    /// As [`serve`], and if no thread can be started.
    pub fn start(node: Arc<Node>, options: &ServerOptions) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8))
            .max_blocking_threads(RUNNERS)
            .enable_all()
            .build()
            .map_err(|error| ServerError::Listen { address: options.address, error })?;
        let running = runtime.block_on(serve(Arc::clone(&node), options))?;
        let address = running.address;
        Ok(Self { runtime: Some(runtime), running: Some(running), address, node })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the process is told to end, and then ends the server.
    ///
    /// # Errors
    ///
    /// Why the node cannot go on, if it ends by itself.
    pub fn until_told(self) -> Result<(), String> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        runtime.block_on(async {
            tokio::select! {
                () = told() => Ok(()),
                fault = self.node.failed() => Err(fault),
            }
        })
    }
}

/// Ends when the process gets an interrupt or is asked to terminate.
async fn told() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // no handler can be set, so nothing but the end of the process remains
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let (Some(runtime), Some(running)) = (self.runtime.take(), self.running.take()) {
            runtime.block_on(running.stop());
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

fn cors(origins: &[String]) -> Result<CorsLayer, ServerError> {
    let layer = CorsLayer::new().allow_methods(Any).allow_headers(Any);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(Any));
    }
    let parse = |origin: &String| origin.parse().map_err(|_| ServerError::Origin(origin.clone()));
    let origins = origins.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    Ok(layer.allow_origin(AllowOrigin::list(origins)))
}

/// Puts a [`Gate`] before the methods.
#[derive(Clone)]
struct GateLayer {
    node: Arc<Node>,
    hosts: Arc<[String]>,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { inner, node: Arc::clone(&self.node), hosts: Arc::clone(&self.hosts) }
    }
}

/// Refuses foreign hosts, and answers what is not JSON-RPC: the page, and what watches the node.
#[derive(Clone)]
struct Gate<S> {
    inner: S,
    node: Arc<Node>,
    hosts: Arc<[String]>,
}

impl<S, B> Service<HttpRequest<B>> for Gate<S>
where
    S: Service<HttpRequest<B>, Response = HttpResponse> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = HttpResponse;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        let host = request.headers().get("host").and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().host());
        if !is_allowed(host, &self.hosts) {
            let text = "this name is not answered here; allow it with --allow-host\n";
            return respond(403, "text/plain", text.to_owned());
        }
        if request.method() == "GET" {
            match request.uri().path() {
                "/health" => {
                    let height = self.node.ledger().height();
                    let text = format!("{{\"status\":\"ok\",\"blockNumber\":{height}}}\n");
                    return respond(200, "application/json", text);
                }
                "/metrics" => {
                    return respond(200, "text/plain; version=0.0.4", metrics(&self.node));
                }
                // a WebSocket begins with a request of the same path
                path if !request.headers().contains_key("upgrade") => {
                    if let Some(response) = explorer::file(path) {
                        return Box::pin(std::future::ready(Ok(response)));
                    }
                }
                _ => {}
            }
        }
        let answer = self.inner.call(request);
        Box::pin(async move { answer.await.map_err(Into::into) })
    }
}

fn respond(
    status: u16,
    kind: &'static str,
    text: String,
) -> Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>> {
    let response = HttpResponse::builder()
        .status(status)
        .header("content-type", kind)
        .body(HttpBody::from(text))
        .map_err(BoxError::from);
    Box::pin(std::future::ready(response))
}

/// Whether a request by this name is answered: an address, `localhost`, or a name that was allowed.
fn is_allowed(host: Option<&str>, allowed: &[String]) -> bool {
    // without a name, no web page sent it
    let Some(host) = host else { return true };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok()
        || allowed.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(name))
}

/// The counters of the node, in Prometheus' text format.
fn metrics(node: &Node) -> String {
    let (counters, ledger) = (&node.metrics, node.ledger());
    let pool = node.pool().len() as u64;
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let rows = [
        (
            "bessemer_requests_total",
            "counter",
            "Requests that were answered.",
            read(&counters.requests),
        ),
        (
            "bessemer_errors_total",
            "counter",
            "Requests that were answered with an error.",
            read(&counters.errors),
        ),
        ("bessemer_block_number", "gauge", "The number of the newest block.", ledger.height()),
        (
            "bessemer_block_gas_used",
            "gauge",
            "The gas of the newest block.",
            ledger.head().header.gas_used,
        ),
        ("bessemer_pool_transactions", "gauge", "Transactions that wait.", pool),
        (
            "bessemer_dropped_transactions_total",
            "counter",
            "Transactions that no block could take.",
            read(&counters.dropped_transactions),
        ),
        (
            "bessemer_subscriptions",
            "gauge",
            "Subscriptions that are open.",
            read(&counters.subscriptions),
        ),
        (
            "bessemer_dropped_subscribers_total",
            "counter",
            "Subscribers that were too slow.",
            read(&counters.dropped_subscribers),
        ),
        (
            "bessemer_uptime_seconds",
            "gauge",
            "Seconds since the start.",
            node.started.elapsed().as_secs(),
        ),
    ];
    let row = |(name, kind, help, value): (&str, &str, &str, u64)| {
        format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
    };
    rows.map(row).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_names_are_answered() {
        let allowed = ["node.example".to_owned()];
        for host in
            ["localhost:8545", "LOCALHOST", "127.0.0.1:8545", "[::1]:8545", "node.example:1"]
        {
            assert!(is_allowed(Some(host), &allowed), "{host}");
        }
        for host in ["evil.example:8545", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            assert!(!is_allowed(Some(host), &allowed), "{host}");
        }
        assert!(is_allowed(Some("anything"), &["*".to_owned()]));
        assert!(is_allowed(None, &[]));
    }
}
