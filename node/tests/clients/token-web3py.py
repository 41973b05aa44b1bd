"""What web3.py users do with a token, deployed from an artifact. Prints what it saw, one line for each step."""
import json
import sys

from web3 import Web3
from web3.exceptions import ContractCustomError

artifact = json.load(open(sys.argv[1]))
w3 = Web3(Web3.HTTPProvider(sys.argv[2]))
alice = w3.eth.account.from_key("0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356")
bob = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def say(name, value):
    print(f"{name}: {value}")


def send(call, **terms):
    nonce = w3.eth.get_transaction_count(alice.address)
    signed = alice.sign_transaction(call.build_transaction({"from": alice.address, "nonce": nonce, **terms}))
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(signed.raw_transaction), timeout=20)


snapshot = w3.provider.make_request("evm_snapshot", [])["result"]
deployed = send(w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]).constructor("Gold", "GLD", 18, 1000))
token = w3.eth.contract(address=deployed["contractAddress"], abi=artifact["abi"])
say("deployed", (token.address, deployed["status"], len(deployed["logs"])))
functions = token.functions
say("reads", [functions.name().call(), functions.symbol().call(), functions.decimals().call(), functions.totalSupply().call()])
moved = send(functions.transfer(bob, 5))
say("transfer", [dict(event["args"]) for event in token.events.Transfer().process_receipt(moved)])
say("balance", functions.balanceOf(bob).call())
say("logs", len(token.events.Transfer().get_logs(from_block=0)))
try:
    functions.transfer(bob, 10**6).call({"from": alice.address})
    say("custom error", "no error")
except ContractCustomError as error:
    say("custom error", error.data)
say("failed", send(functions.transfer(bob, 10**6), gas=400_000)["status"])
say("revert", w3.provider.make_request("evm_revert", [snapshot])["result"])
