// What ethers users do with a token, deployed from an artifact. Prints what it saw, one line for each step.
import { readFileSync } from "node:fs";
import { ethers } from "ethers";

const [artifact, url] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(artifact));
const options = { cacheTimeout: -1 };
const provider = url.startsWith("ws") ? new ethers.WebSocketProvider(url, undefined, options) : new ethers.JsonRpcProvider(url, undefined, options);
if (!url.startsWith("ws")) provider.pollingInterval = 100;
const alice = new ethers.Wallet("0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba", provider);
const bob = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const say = (name, value) => console.log(`${name}: ${JSON.stringify(value, (_, it) => (typeof it === "bigint" ? it.toString() : it))}`);
const failure = async (name, promise) => {
  try {
    await promise;
    say(name, "no error");
  } catch (error) {
    say(name, { code: error.code, reason: error.reason ?? null, name: error.revert?.name ?? null, args: error.revert ? [...error.revert.args] : null });
  }
};

const id = await provider.send("evm_snapshot", []);
const token = await new ethers.ContractFactory(abi, bytecode, alice).deploy("Gold", "GLD", 18, 1000n);
const created = await token.deploymentTransaction().wait();
const address = await token.getAddress();
say("deployed", { address, created: created.contractAddress, status: created.status, logs: created.logs.length });
say("has code", (await provider.getCode(address)).length > 2);
say("reads", [await token.name(), await token.symbol(), await token.decimals(), await token.totalSupply(), await token.balanceOf(alice)]);
say("estimate", (await token.transfer.estimateGas(bob, 5n)) > 21_000n);
const moved = await (await token.transfer(bob, 5n)).wait();
say("transfer", { status: moved.status, event: moved.logs[0].fragment.name, args: [...moved.logs[0].args] });
say("balances", [await token.balanceOf(alice), await token.balanceOf(bob)]);
const events = await token.queryFilter(token.filters.Transfer(null, bob), 0, "latest");
say("events", events.map((event) => [event.eventName, ...event.args]));
say("raw logs", (await provider.getLogs({ address, fromBlock: 0, topics: [ethers.id("Transfer(address,address,uint256)")] })).length);
await failure("custom error", token.transfer.staticCall(bob, 1_000_000n));
await failure("custom error in estimate", token.transfer.estimateGas(ethers.ZeroAddress, 1n));
await failure("no such function", provider.call({ to: address, data: "0x12345678" }).then(() => { throw Object.assign(new Error(), { code: "answered" }); }).catch((error) => { throw { code: error.code }; }));
const failed = await token.transfer(bob, 1_000_000n, { gasLimit: 400_000n });
await failure("failed transaction", failed.wait());
say("failed receipt", await provider.getTransactionReceipt(failed.hash).then(({ status, logs }) => [status, logs.length]));
const heard = new Promise((resolve) => token.once("Approval", (owner, spender, value) => resolve([spender, value])));
await new Promise((resolve) => setTimeout(resolve, 400));
await (await token.approve(bob, 7n)).wait();
say("heard", await Promise.race([heard, new Promise((resolve) => setTimeout(() => resolve("nothing"), 8000))]));
say("allowance", await token.allowance(alice, bob));
await (await token.burn(95n)).wait();
say("supply", await token.totalSupply());
say("revert", await provider.send("evm_revert", [id]));
say("gone", await provider.getCode(address));
provider.destroy();
process.exit(0);
