#!/usr/bin/env bash
# jsonrpsee 0.26.1 (server): a request whose id is a number outside 64 bits, or one with a fraction, is
# not answered. It is executed by nobody and gets no error.
#
# JSON-RPC 2.0 allows any number as an id (fractions are discouraged, not forbidden), and says that the
# server replies to every request that has an id. The server reads what it gets as a request, whose id is
# an unsigned number of 64 bits, a string or null; if that fails, as a notification, which has no id to read
# and gets no answer. A client that numbers requests by a random 128-bit number, or by a clock with
# fractions, waits for ever over WebSocket and gets `null` or nothing over HTTP. With a string as the id
# the same request is answered.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
mkdir "$folder/src"
cd "$folder"
cat >Cargo.toml <<'TOML'
[package]
name = "look"
version = "0.1.0"
edition = "2021"

[dependencies]
jsonrpsee = { version = "=0.26.1", features = ["server"] }
tokio = { version = "1", features = ["full"] }

[workspace]
TOML
cat >src/main.rs <<'RUST'
use jsonrpsee::server::{RpcModule, Server};

#[tokio::main]
async fn main() {
    let server = Server::builder().build("127.0.0.1:18549").await.unwrap();
    let mut module = RpcModule::new(());
    module.register_method("ask", |_, _, _| "answered").unwrap();
    server.start(module).stopped().await;
}
RUST
cargo build --quiet
target/debug/look &
server=$!
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/18549) 2>/dev/null && break; sleep 0.1; done

ask() {
    curl --silent --max-time 10 -H 'content-type: application/json' \
        --data "{\"jsonrpc\":\"2.0\",\"id\":$1,\"method\":\"ask\"}" http://127.0.0.1:18549
}
wrong=0
for id in 1 18446744073709551615 '"18446744073709551616"'; do
    said=$(ask "$id")
    echo "id $id: ${said:-nothing}"
    [[ $said == *answered* ]] || wrong=1
done
for id in 18446744073709551616 1.5; do
    said=$(ask "$id")
    echo "id $id: ${said:-nothing}"
    [[ $said != *answered* && $said != *error* ]] || wrong=1
done
[ "$wrong" = 0 ] || { echo "jsonrpsee behaves differently now" >&2; exit 1; }
