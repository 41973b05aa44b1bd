#!/usr/bin/env bash
# What users of cast do with a token, deployed from an artifact. Prints what it saw, one line for each step.
set -euo pipefail
artifact=$1
export ETH_RPC_URL=$2 FOUNDRY_DISABLE_NIGHTLY_WARNING=1
key=0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97
bob=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
cast=node_modules/@foundry-rs/cast-linux-amd64/bin/cast
say() { echo "$1: $(printf '%s' "$2" | tr '\n' ' ')"; }
field() { node -p "const it = JSON.parse(require('fs').readFileSync(0)); $1"; }
snapshot=$($cast rpc evm_snapshot | tr -d '"')
code=$(field it.bytecode < "$artifact")
token=$($cast send --private-key $key --json --create "$code" "constructor(string,string,uint8,uint256)" Gold GLD 18 1000 | field it.contractAddress)
say deployed "$token"
say name "$($cast call "$token" "name()(string)")"
say supply "$($cast call "$token" "totalSupply()(uint256)")"
say transfer "$($cast send --private-key $key --json "$token" "transfer(address,uint256)" $bob 5 | field "[it.status, it.logs.length].join()")"
say balance "$($cast call "$token" "balanceOf(address)(uint256)" $bob)"
say logs "$($cast logs --json --address "$token" "Transfer(address,address,uint256)" | field it.length)"
say "custom error" "$($cast call "$token" "transfer(address,uint256)" $bob 1000000 2>&1 | grep -oE 'error code -?[0-9]+|data: "[^"]*"' || true)"
say revert "$($cast rpc evm_revert "$snapshot")"
