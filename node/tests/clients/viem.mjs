// What viem users do, on the node at the given URL. Prints what it saw, one line for each step.
import { readFileSync } from "node:fs";
import { createPublicClient, createTestClient, createWalletClient, http, webSocket, parseEther, BaseError, ContractFunctionRevertedError } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

const [url] = process.argv.slice(2);
const sample = JSON.parse(readFileSync(new URL("Sample.json", import.meta.url)));
const account = privateKeyToAccount("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
const bob = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const transport = url.startsWith("ws") ? webSocket(url) : http(url);
const options = { chain: foundry, transport, pollingInterval: 50, cacheTime: 0 };
const client = createPublicClient(options);
const wallet = createWalletClient({ ...options, account });
const test = createTestClient({ ...options, mode: "anvil" });
const say = (name, value) => console.log(`${name}: ${typeof value === "string" ? value : JSON.stringify(value, (_, v) => (typeof v === "bigint" ? v.toString() : v))}`);
const failure = async (name, promise) => {
  try {
    await promise;
    say(name, "no error");
  } catch (error) {
    const reverted = error instanceof BaseError ? error.walk((inner) => inner instanceof ContractFunctionRevertedError) : null;
    say(name, { name: error.name, reason: reverted?.reason ?? null, error: reverted?.data?.errorName ?? null, args: reverted?.data?.args ?? null });
  }
};

say("chain", await client.getChainId());
const id = await test.snapshot();
const sent = await wallet.sendTransaction({ to: bob, value: parseEther("1") });
const transfer = await client.waitForTransactionReceipt({ hash: sent });
say("transfer", { status: transfer.status, gas: transfer.gasUsed, type: transfer.type });
const deployment = await wallet.deployContract({ ...sample, args: [7n], value: 5n });
const { contractAddress: address } = await client.waitForTransactionReceipt({ hash: deployment });
say("deploy", address);
const contract = { abi: sample.abi, address };
say("value", await client.readContract({ ...contract, functionName: "value" }));
const { request, result } = await client.simulateContract({ ...contract, account, functionName: "store", args: [9n, "nine"] });
say("simulate", result);
const stored = await client.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
say("store", { status: stored.status, gas: stored.gasUsed, logs: stored.logs.length });
const events = await client.getContractEvents({ ...contract, eventName: "Stored", args: { who: account.address }, fromBlock: 0n });
say("events", events.map((event) => event.args));
say("estimate", (await client.estimateContractGas({ ...contract, account, functionName: "store", args: [9n, "nine"] })) > 0n);
await failure("custom error", client.simulateContract({ ...contract, account, functionName: "store", args: [1001n, ""] }));
await failure("text", client.simulateContract({ ...contract, account, functionName: "refuse" }));
await failure("panic", client.simulateContract({ ...contract, account, functionName: "overflow", args: [1] }));
await failure("funds", wallet.sendTransaction({ to: bob, value: parseEther("100000") }));
const latest = await client.getBlock();
await test.increaseTime({ seconds: 1000 });
await test.mine({ blocks: 2 });
say("blocks", (await client.getBlock()).number - latest.number);
say("time", (await client.getBlock()).timestamp - latest.timestamp >= 1000n);
const filter = await client.createEventFilter({ address });
await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ ...contract, functionName: "store", args: [12n, "twelve"] }) });
say("filter", (await client.getFilterChanges({ filter })).length);
say("proof", (await client.getProof({ address, storageKeys: [`0x${"0".repeat(64)}`] })).storageProof[0].value);
say("fees", (await client.estimateFeesPerGas()).maxFeePerGas > 0n);
const authorization = await wallet.signAuthorization({ contractAddress: address, executor: "self" });
const set = await client.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ to: account.address, authorizationList: [authorization] }) });
say("type 4", { status: set.status, code: await client.getCode({ address: account.address }) });
await test.setBalance({ address: bob, value: 77n });
say("set balance", await client.getBalance({ address: bob }));
await test.revert({ id });
say("nonce after", await client.getTransactionCount({ address: account.address }));
process.exit(0);
