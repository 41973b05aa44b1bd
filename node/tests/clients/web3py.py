"""What web3.py users do, on the node at the given URL. Prints what it saw, one line for each step."""
import json
import pathlib
import sys

from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError, ContractPanicError

sample = json.loads((pathlib.Path(__file__).parent / "Sample.json").read_text())
w3 = Web3(Web3.HTTPProvider(sys.argv[1]))
alice = w3.eth.account.from_key("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a")
bob = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"


def say(name, value):
    print(f"{name}: {value}")


def send(transaction):
    transaction = {"from": alice.address, "nonce": w3.eth.get_transaction_count(alice.address), **transaction}
    if "gas" not in transaction:
        transaction["gas"] = w3.eth.estimate_gas(transaction)
    fee = w3.eth.get_block("latest")["baseFeePerGas"]
    tip = w3.eth.max_priority_fee
    fees = {"chainId": w3.eth.chain_id, "maxFeePerGas": 2 * fee + tip, "maxPriorityFeePerGas": tip}
    signed = alice.sign_transaction({"value": 0, **fees, **transaction})
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(signed.raw_transaction), timeout=20)


say("connected", w3.is_connected())
say("chain", w3.eth.chain_id)
snapshot = w3.provider.make_request("evm_snapshot", [])["result"]
receipt = send({"to": bob, "value": w3.to_wei(1, "ether")})
say("transfer", (receipt["status"], receipt["gasUsed"], receipt["type"]))
factory = w3.eth.contract(abi=sample["abi"], bytecode=sample["bytecode"])
data = factory.constructor(7).data_in_transaction
deployed = send({"data": data, "value": 5})
say("deploy", deployed["contractAddress"])
contract = w3.eth.contract(address=deployed["contractAddress"], abi=sample["abi"])
say("value", contract.functions.value().call())
call = contract.functions.store(9, "nine").build_transaction({"from": alice.address, "nonce": w3.eth.get_transaction_count(alice.address)})
signed = alice.sign_transaction(call)
stored = w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(signed.raw_transaction), timeout=20)
say("store", (stored["status"], stored["gasUsed"]))
say("events", [dict(event["args"]) for event in contract.events.Stored().process_receipt(stored)])
say("logs", len(contract.events.Stored().get_logs(from_block=0)))
for name, function, kind in [
    ("custom error", contract.functions.store(1001, ""), ContractCustomError),
    ("text", contract.functions.refuse(), ContractLogicError),
    ("panic", contract.functions.overflow(1), ContractPanicError),
]:
    try:
        function.call({"from": alice.address})
        say(name, "no error")
    except kind as error:
        say(name, (type(error).__name__, error.message, error.data))
block = w3.eth.get_block("latest")
say("block", (len(block["transactions"]), len(block["extraData"]) <= 32))
w3.provider.make_request("evm_increaseTime", [1000])
w3.provider.make_request("evm_mine", [])
say("time", contract.functions.time().call() - block["timestamp"] >= 1000)
say("fee history", len(w3.eth.fee_history(2, "latest", [50])["baseFeePerGas"]))
try:
    send({"to": bob, "nonce": 0, "gas": 21000})
    say("used nonce", "no error")
except Exception as error:
    say("used nonce", "nonce too low" in str(error))
say("revert", w3.provider.make_request("evm_revert", [snapshot])["result"])
say("nonce after", w3.eth.get_transaction_count(alice.address))
