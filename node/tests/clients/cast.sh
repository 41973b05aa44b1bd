#!/usr/bin/env bash
# What users of cast and `forge create` do, on the node at the given URL. Prints what it saw, one line for each step.
set -euo pipefail
export ETH_RPC_URL=$1 FOUNDRY_DISABLE_NIGHTLY_WARNING=1
key=0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a
bob=0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc
cast=node_modules/@foundry-rs/cast-linux-amd64/bin/cast
say() { echo "$1: $(printf '%s' "$2" | tr '\n' ' ')"; }
fails() { # name, command: the code and the data of the error; its words differ for custom errors and panics
  local name=$1; shift
  local text
  if text=$("$@" 2>&1); then say "$name" "no error: $text"; else say "$name" "$(grep -oE 'error code -?[0-9]+|data: "[^"]*"' <<<"$text")"; fi
}
me=$($cast wallet address --private-key $key)
snapshot=$($cast rpc evm_snapshot | tr -d '"')
say chain "$($cast chain-id)"
say transfer "$($cast send --private-key $key --json $bob --value 1ether | node -e 'const r=JSON.parse(require("fs").readFileSync(0));console.log(r.status,r.gasUsed,r.type)')"
code=$(node -p 'JSON.parse(require("fs").readFileSync("Sample.json")).bytecode')
created=$($cast send --private-key $key --json --value 5 --create "$code" "constructor(uint256)" 7 | node -p 'JSON.parse(require("fs").readFileSync(0)).contractAddress')
say deploy "$created"
say value "$($cast call "$created" "value()(uint256)")"
say store "$($cast send --private-key $key --json "$created" "store(uint256,string)" 9 nine | node -e 'const r=JSON.parse(require("fs").readFileSync(0));console.log(r.status,r.gasUsed,r.logs.length)')"
say logs "$($cast logs --json --address "$created" "Stored(address,uint256,string)" | node -p 'JSON.parse(require("fs").readFileSync(0)).length')"
say estimate "$($cast estimate "$created" --from "$me" "store(uint256,string)" 9 nine)"
fails "custom error" $cast call "$created" "store(uint256,string)" 1001 ""
fails text $cast call "$created" "refuse()"
fails panic $cast call "$created" "overflow(uint8)" 1
say storage "$($cast storage "$created" 0)"
say nonce "$($cast nonce "$me")"
say balance "$($cast balance "$created")"
say "code size" "$($cast codesize "$created")"
say proof "$($cast proof "$created" 0x0 | node -p 'JSON.parse(require("fs").readFileSync(0)).storageProof[0].value')"
say revert "$($cast rpc evm_revert "$snapshot")"
say "nonce after" "$($cast nonce "$me")"
