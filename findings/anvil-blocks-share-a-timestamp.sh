#!/usr/bin/env bash
# anvil 1.7.1: blocks that are mined within one second have the same timestamp, and
# `evm_setNextBlockTimestamp` takes the time of the last block.
#
# Ethereum's header rule is that a block's timestamp is greater than its parent's (yellow paper,
# section 4.3.4; every client refuses other blocks). Hardhat and geth's development mode keep it. A
# contract that is right because time moves between blocks ("one action a block, by timestamp") can
# fail on anvil only, and a test that computes with differences of timestamps sees 0 there and at
# least 1 elsewhere. On the other side, a node that keeps the rule runs ahead of the clock when it
# mines faster than once a second, so that `evm_increaseTime` counts from an earlier time than that of
# the last block.
set -euo pipefail
folder=$(mktemp -d)
anvil=
trap '[ -z "$anvil" ] || kill "$anvil" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund @foundry-rs/anvil-linux-amd64@1.7.1

port=18547
node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil --port "$port" --silent &
anvil=$!
for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done

cat >look.mjs <<'JS'
let id = 0;
async function ask(method, ...params) {
  const request = { jsonrpc: "2.0", id: ++id, method, params };
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) };
  const answer = await (await fetch(`http://127.0.0.1:${process.argv[2]}`, options)).json();
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}
const time = async () => Number((await ask("eth_getBlockByNumber", "latest", false)).timestamp);
const times = [];
for (let block = 0; block < 20; block++) {
  await ask("evm_mine");
  times.push(await time());
}
const equal = times.filter((value, at) => at > 0 && value === times[at - 1]).length;
await ask("evm_setNextBlockTimestamp", times.at(-1));
await ask("evm_mine");
const again = (await time()) === times.at(-1);
console.log(`20 blocks at once: ${equal} have the timestamp of their parent`);
console.log(`evm_setNextBlockTimestamp with the last block's time: ${again ? "the next block has it too" : "not obeyed"}`);
process.exit(equal >= 10 && again ? 0 : 1);
JS
node look.mjs "$port" || { echo "anvil behaves differently now" >&2; exit 1; }
