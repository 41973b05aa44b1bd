// What viem users do with a token, deployed from an artifact. Prints what it saw, one line for each step.
import { readFileSync } from "node:fs";
import { createPublicClient, createTestClient, createWalletClient, http, webSocket, zeroAddress, BaseError, ContractFunctionRevertedError } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

const [artifact, url] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(artifact));
const account = privateKeyToAccount("0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e");
const bob = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const transport = url.startsWith("ws") ? webSocket(url) : http(url);
const options = { chain: foundry, transport, pollingInterval: 50, cacheTime: 0 };
const client = createPublicClient(options);
const wallet = createWalletClient({ ...options, account });
const test = createTestClient({ ...options, mode: "anvil" });
const say = (name, value) => console.log(`${name}: ${JSON.stringify(value, (_, it) => (typeof it === "bigint" ? it.toString() : it))}`);
const failure = async (name, promise) => {
  try {
    await promise;
    say(name, "no error");
  } catch (error) {
    const reverted = error instanceof BaseError ? error.walk((inner) => inner instanceof ContractFunctionRevertedError) : null;
    say(name, { name: error.name, error: reverted?.data?.errorName ?? null, args: reverted?.data?.args ?? null });
  }
};

const id = await test.snapshot();
const deployment = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi, bytecode, args: ["Gold", "GLD", 18, 1000n] }) });
const address = deployment.contractAddress;
say("deployed", { address, status: deployment.status, logs: deployment.logs.length });
const read = (functionName, args = []) => client.readContract({ abi, address, functionName, args });
say("reads", [await read("name"), await read("symbol"), await read("decimals"), await read("totalSupply"), await read("balanceOf", [account.address])]);
const { request, result } = await client.simulateContract({ abi, address, account, functionName: "transfer", args: [bob, 5n] });
say("simulate", result);
const moved = await client.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
say("transfer", { status: moved.status, logs: moved.logs.length });
const events = await client.getContractEvents({ abi, address, eventName: "Transfer", args: { to: bob }, fromBlock: 0n });
say("events", events.map((event) => event.args));
await failure("custom error", client.simulateContract({ abi, address, account, functionName: "transfer", args: [bob, 10n ** 6n] }));
await failure("receiver", client.simulateContract({ abi, address, account, functionName: "transfer", args: [zeroAddress, 1n] }));
const failed = await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ abi, address, functionName: "transfer", args: [bob, 10n ** 6n], gas: 400_000n }) });
say("failed", { status: failed.status, logs: failed.logs.length });
const heard = new Promise((resolve) => {
  const stop = client.watchContractEvent({ abi, address, eventName: "Approval", onLogs: (logs) => { stop(); resolve(logs[0].args); } });
});
await new Promise((resolve) => setTimeout(resolve, 400));
await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ abi, address, functionName: "approve", args: [bob, 7n] }) });
say("heard", await Promise.race([heard, new Promise((resolve) => setTimeout(() => resolve("nothing"), 8000))]));
say("allowance", await read("allowance", [account.address, bob]));
await test.revert({ id });
say("gone", (await client.getCode({ address })) ?? null);
process.exit(0);
