// What web3.js users do, on the node at the given URL. Prints what it saw, one line for each step.
import { readFileSync } from "node:fs";
import { Web3 } from "web3";

const [url] = process.argv.slice(2);
const sample = JSON.parse(readFileSync(new URL("Sample.json", import.meta.url)));
const web3 = new Web3(url);
web3.eth.transactionPollingInterval = 50;
web3.eth.transactionConfirmationBlocks = 1;
const account = web3.eth.accounts.wallet.add("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a")[0].address;
const bob = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
const say = (name, value) => console.log(`${name}: ${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? v.toString() : v))}`);
const failure = async (name, promise) => {
  try {
    await promise;
    say(name, "no error");
  } catch (error) {
    say(name, { name: error.name, code: error.code ?? null, inner: error.cause?.errorName ?? error.innerError?.errorName ?? null });
  }
};
const send = (method, params = []) => web3.requestManager.send({ method, params });

say("chain", await web3.eth.getChainId());
const id = await send("evm_snapshot");
const transfer = await web3.eth.sendTransaction({ from: account, to: bob, value: web3.utils.toWei("1", "ether") });
say("transfer", { status: transfer.status, gas: transfer.gasUsed, type: transfer.type });
const deployed = await new web3.eth.Contract(sample.abi).deploy({ data: sample.bytecode, arguments: [7] }).send({ from: account, value: "5" });
const address = deployed.options.address;
say("deploy", address);
const contract = new web3.eth.Contract(sample.abi, address);
say("value", await contract.methods.value().call());
const stored = await contract.methods.store(9, "nine").send({ from: account });
say("store", { status: stored.status, gas: stored.gasUsed, event: stored.events.Stored.returnValues.note });
const events = await contract.getPastEvents("Stored", { fromBlock: 0, filter: { who: account } });
say("events", events.map((event) => [event.event, event.returnValues.value]));
say("estimate", (await contract.methods.store(9, "nine").estimateGas({ from: account })) > 0n);
await failure("custom error", contract.methods.store(1001, "").call({ from: account }));
await failure("text", contract.methods.refuse().call());
await failure("panic", contract.methods.overflow(1).call());
await failure("funds", web3.eth.sendTransaction({ from: account, to: bob, value: web3.utils.toWei("100000", "ether") }));
const before = (await web3.eth.getBlock()).timestamp;
await send("evm_increaseTime", [1000]);
await send("evm_mine");
const block = await web3.eth.getBlock();
say("time", block.timestamp - before >= 1000n);
say("block", { transactions: (block.transactions ?? []).length, hasFee: block.baseFeePerGas > 0n });
say("storage", await web3.eth.getStorageAt(address, 0));
say("proof", (await web3.eth.getProof(address, [`0x${"0".repeat(64)}`], "latest")).storageProof[0].value);
say("revert", await send("evm_revert", [id]));
say("nonce after", await web3.eth.getTransactionCount(account));
process.exit(0);
