// What ethers users do, on the node at the given URL. Prints what it saw, one line for each step.
import { readFileSync } from "node:fs";
import { ethers } from "ethers";

const [url] = process.argv.slice(2);
const sample = JSON.parse(readFileSync(new URL("Sample.json", import.meta.url)));
const keys = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];
const say = (name, value) => console.log(`${name}: ${typeof value === "string" ? value : JSON.stringify(value, (_, v) => (typeof v === "bigint" ? v.toString() : v))}`);
const failure = async (name, promise) => {
  try {
    await promise;
    say(name, "no error");
  } catch (error) {
    say(name, { code: error.code, reason: error.reason ?? null, args: error.revert ? [...error.revert.args] : null, name: error.revert?.name ?? null });
  }
};

// ethers keeps answers for 250 ms, nonces too; blocks come faster here
const options = { cacheTimeout: -1 };
const provider = url.startsWith("ws")
  ? new ethers.WebSocketProvider(url, undefined, options)
  : new ethers.JsonRpcProvider(url, undefined, options);
if (!url.startsWith("ws")) provider.pollingInterval = 100;
const [alice, bob] = keys.map((key) => new ethers.Wallet(key, provider));

say("accounts", (await provider.listAccounts()).length);
say("chain", (await provider.getNetwork()).chainId);
const id = await provider.send("evm_snapshot", []);

const transfer = await (await alice.sendTransaction({ to: bob.address, value: ethers.parseEther("1") })).wait();
say("transfer", { status: transfer.status, gas: transfer.gasUsed, type: transfer.type, logs: transfer.logs.length });
say("nonce", await provider.getTransactionCount(alice.address));

const factory = new ethers.ContractFactory(sample.abi, sample.bytecode, alice);
const contract = await factory.deploy(7n, { value: 5n });
const deployed = await contract.deploymentTransaction().wait();
say("deploy", { address: await contract.getAddress(), gas: deployed.gasUsed, created: deployed.contractAddress });
say("value", await contract.value());
say("balance", await provider.getBalance(await contract.getAddress()));
say("code", (await provider.getCode(await contract.getAddress())).length);

say("estimate", (await contract.store.estimateGas(9n, "nine")) > 0n);
say("static", await contract.store.staticCall(9n, "nine"));
const stored = await (await contract.store(9n, "nine")).wait();
say("store", { status: stored.status, gas: stored.gasUsed, event: stored.logs[0].fragment.name, args: [...stored.logs[0].args] });
say("value", await contract.value());
const events = await contract.queryFilter(contract.filters.Stored(alice.address), 0, "latest");
say("events", events.map((event) => [event.eventName, event.args.value, event.args.note]));
say("no events", (await contract.queryFilter(contract.filters.Stored(bob.address), 0, "latest")).length);
say("storage", await provider.getStorage(await contract.getAddress(), 0));

await failure("custom error", contract.store.staticCall(1001n, ""));
await failure("custom error in estimate", contract.store.estimateGas(1001n, ""));
await failure("text", contract.refuse.staticCall());
await failure("panic", contract.overflow.staticCall(1));
await failure("funds", bob.sendTransaction({ to: alice.address, value: ethers.parseEther("100000") }));
await failure("used nonce", alice.sendTransaction({ to: bob.address, nonce: 0 }));
const failed = await contract.store(1001n, "", { gasLimit: 100_000n });
await failure("failed transaction", failed.wait());
const receipt = await provider.getTransactionReceipt(failed.hash);
say("failed receipt", { status: receipt.status, gas: receipt.gasUsed });

const before = (await provider.getBlock("latest")).timestamp;
await provider.send("evm_increaseTime", [1000]);
await provider.send("evm_mine", []);
const after = await contract.time();
say("time", Number(after) - before >= 1000);
const next = (await provider.getBlock("latest")).timestamp + 500;
await provider.send("evm_setNextBlockTimestamp", [next]);
await provider.send("evm_mine", []);
say("next time", (await provider.getBlock("latest")).timestamp - next);

const block = await provider.getBlock("latest", true);
say("block", { transactions: block.transactions.length, hasFee: block.baseFeePerGas > 0n, difficulty: block.difficulty });
const heard = new Promise((resolve) => contract.once("Stored", (who, value) => resolve(value)));
await new Promise((resolve) => setTimeout(resolve, 400));
await (await contract.store(11n, "eleven")).wait();
say("heard", await Promise.race([heard, new Promise((resolve) => setTimeout(() => resolve("nothing"), 8000))]));

const list = [{ address: await contract.getAddress(), storageKeys: [ethers.ZeroHash] }];
const typed = await (await alice.sendTransaction({ to: await contract.getAddress(), type: 1, value: 1n, accessList: list })).wait();
say("type 1", { status: typed.status, type: typed.type });
const legacy = await (await alice.sendTransaction({ to: bob.address, type: 0, value: 1n })).wait();
say("type 0", { status: legacy.status, type: legacy.type });

say("revert", await provider.send("evm_revert", [id]));
say("nonce after", await provider.send("eth_getTransactionCount", [alice.address, "latest"]));
say("impersonated", await (async () => {
  const nobody = "0x00000000000000000000000000000000000000aa";
  await provider.send("hardhat_setBalance", [nobody, "0xde0b6b3a7640000"]);
  await provider.send("hardhat_impersonateAccount", [nobody]);
  const hash = await provider.send("eth_sendTransaction", [{ from: nobody, to: bob.address, value: "0x1" }]);
  await provider.send("hardhat_stopImpersonatingAccount", [nobody]);
  return (await provider.getTransactionReceipt(hash)).from.toLowerCase();
})());
provider.destroy();
process.exit(0);
