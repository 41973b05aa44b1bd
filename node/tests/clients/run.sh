#!/usr/bin/env bash
# Runs the script of each client on a node and on anvil, and compares what they saw.
# Needs node, npm, python3 and a built `bessemer`; installs pinned clients in a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bessemer=${BESSEMER:-$here/../../../target/release/bessemer}
[ -x "$bessemer" ] || { echo "build bessemer first: cargo build --release -p bessemer-cli"; exit 1; }
work=$(mktemp -d)
pids=()
stop() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap stop EXIT
cp "$here"/*.mjs "$here"/*.py "$here"/*cast.sh "$here"/*.json "$work"
cd "$work"
# the token as a RISC-V program, and in Solidity for anvil, which runs nothing else
"$bessemer" abi "$here/../../../contracts/images/elf/erc20.elf" --artifact > TokenProgram.json
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund ethers@6.17.0 viem@2.57.20 web3@4.16.0 \
  @foundry-rs/anvil-linux-amd64@1.7.1 @foundry-rs/cast-linux-amd64@1.7.1
python3 -m venv python && python/bin/pip install --quiet web3==8.0.0

"$bessemer" node --silent --port 0 > ours.log & pids+=($!)
node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil --port 18545 --silent & pids+=($!)
theirs=127.0.0.1:18545
for _ in $(seq 100); do grep -q Listening ours.log && (exec 3<>/dev/tcp/127.0.0.1/18545) 2>/dev/null && break; sleep 0.1; done
ours=$(sed -n 's/^Listening on //p' ours.log)
passed=0 failed=0
try() { # name, scheme, command before the URL
  both "$1" "$2" "${*:3}" "${*:3}"
}
both() { # name, scheme, command before the URL here, and on anvil
  local name=$1 scheme=$2 ended=0
  timeout 120 $3 "$scheme://$ours" > "$name.ours" 2>&1 || ended=$?
  timeout 120 $4 "$scheme://$theirs" > "$name.theirs" 2>&1 || ended=$?
  if [ "$ended" != 0 ]; then
    failed=$((failed + 1)); echo "$name: the script ended with exit code $ended"; tail -n 20 "$name.theirs" "$name.ours"
  elif diff "$name.theirs" "$name.ours" > "$name.diff"; then
    passed=$((passed + 1)); echo "$name: $(wc -l < "$name.ours") steps as on anvil"
  else
    failed=$((failed + 1)); echo "$name: differs from anvil (<) here (>)"; cat "$name.diff"
  fi
}
try ethers-http http node ethers.mjs
try ethers-ws ws node ethers.mjs
try viem-http http node viem.mjs
try viem-ws ws node viem.mjs
try web3js http node web3js.mjs
try cast http ./cast.sh
try web3py http python/bin/python web3py.py
# a program is like any other contract: the same steps on the token in both kinds of code
token() { both "token-$1" "$2" "$3 TokenProgram.json" "$3 Token.json"; }
token ethers-http http "node token-ethers.mjs"
token ethers-ws ws "node token-ethers.mjs"
token viem-http http "node token-viem.mjs"
token viem-ws ws "node token-viem.mjs"
token cast http ./token-cast.sh
token web3py http "python/bin/python token-web3py.py"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
