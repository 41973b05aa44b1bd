// One transaction: what it did, and where it failed.
import { facts, h, table } from "../dom.js";
import { address, block, ether, grouped, number, status } from "../format.js";
import { call } from "../rpc.js";
import { decoded, event, results, value } from "../values.js";

const bytes = (shown, size) => h("span", { class: "code" }, shown, size * 2 + 2 > shown.length ? `… (${size} bytes)` : null);

/** Where a frame failed. */
function failure(it) {
  const place = it.source ?? it.function ?? `pc ${it.pc}`;
  return [
    `depth ${it.depth}`, address(it.contract), it.trap ?? it.status,
    it.revert ? decoded(it.revert) : "", h("span", { class: "code" }, place), h("span", { class: "code" }, it.pc),
  ];
}

/** A frame with its callees. */
function frame(it) {
  const does = it.call ? decoded(it.call) : it.inputBytes ? bytes(it.input, it.inputBytes) : null;
  const parts = [
    h("div", {}, h("strong", {}, it.kind), " ", address(it.to), does && [" ", does]),
    h("div", { class: "faint" }, `gas ${grouped(it.gasUsed)} of ${grouped(it.gas)}`, BigInt(it.value) > 0n && [", value ", ether(it.value)]),
    it.error && h("div", { class: "bad" }, it.error, it.revert && [": ", decoded(it.revert)]),
    it.returned?.length > 0 && h("div", {}, "returned ", results(it.returned)),
    !it.returned && !it.error && it.outputBytes > 0 && it.kind !== "create" && h("div", {}, "returned ", bytes(it.output, it.outputBytes)),
    it.events.map((log) => h("div", {}, "event ", event(log, log.event))),
  ];
  const calls = it.calls.length > 0 && h("ul", { class: "tree" }, it.calls.map((inner) => h("li", {}, frame(inner))));
  return [parts, calls];
}

/** What functions used themselves, without what they called. */
function gasByFunction(root) {
  const sums = new Map();
  const walk = (it) => {
    const inner = it.calls.reduce((sum, callee) => sum + BigInt(callee.gasUsed), 0n);
    const name = `${it.to} ${it.call?.name ?? (it.kind === "create" ? "constructor" : "?")}`;
    const known = sums.get(name) ?? { to: it.to, name: it.call?.name ?? it.kind, calls: 0, gas: 0n };
    known.calls += 1;
    known.gas += BigInt(it.gasUsed) > inner ? BigInt(it.gasUsed) - inner : 0n;
    sums.set(name, known);
    it.calls.forEach(walk);
  };
  walk(root);
  return [...sums.values()].sort((a, b) => (a.gas < b.gas ? 1 : -1)).map((it) => [it.name, address(it.to), String(it.calls), grouped(it.gas)]);
}

const allEvents = (it) => [...it.events, ...it.calls.flatMap(allEvents)];

export async function transaction(hash) {
  const it = await call("eth_getTransactionByHash", hash);
  if (!it) throw new Error("no transaction has this hash");
  const head = h("h1", {}, "Transaction");
  const common = [["Hash", h("span", { class: "code" }, hash)], ["From", address(it.from, true)]];
  if (!it.blockNumber) return [head, facts([...common, ["To", address(it.to, true)], ["Status", "waits for a block"]])];
  const [receipt, told] = await Promise.all([call("eth_getTransactionReceipt", hash), call("bessemer_explainTransaction", hash)]);
  const events = told.succeeded ? allEvents(told.call) : [];
  return [
    head,
    facts([
      ...common,
      ["To", it.to ? address(it.to, true) : ["new contract ", receipt.contractAddress && address(receipt.contractAddress, true)]],
      ["Status", status(told.succeeded)],
      ["Block", block(it.blockNumber)],
      ["Value", ether(it.value)],
      ["Nonce", grouped(it.nonce)],
      ["Type", String(number(it.type))],
      ["Gas", `${grouped(receipt.gasUsed)} of ${grouped(it.gas)}, at ${grouped(receipt.effectiveGasPrice)} wei`],
    ]),
    told.reason && h("p", { class: "note", id: "reason" }, told.reason),
    told.failures.length > 0 && [
      h("h2", {}, "Where it failed"),
      table("Frames that failed, the cause first", ["Frame", "Contract", "How", "Error", "Place", "Instruction"], told.failures.map(failure)),
    ],
    h("h2", {}, "Calls"), h("ul", { class: "tree" }, h("li", {}, frame(told.call))),
    told.cut && h("p", { class: "note" }, "There is more than is shown."),
    h("h2", {}, "Events"),
    events.length > 0 ? h("ul", { class: "plain" }, events.map((log) => h("li", {}, event(log, log.event)))) : h("p", { class: "faint" }, "None."),
    told.log.length > 0 && [
      h("h2", {}, "Debug log"),
      h("ul", { class: "plain" }, told.log.map((line) => h("li", {}, address(line.address), " ", h("span", { class: "code" }, line.text)))),
    ],
    h("h2", {}, "Gas by function"),
    table("Without the gas of callees and of the transaction itself", ["Function", "Contract", "#Calls", "#Gas"], gasByFunction(told.call)),
    h("h2", {}, "Input"), h("p", { class: "code" }, value(it.input.length > 4098 ? `${it.input.slice(0, 4098)}…` : it.input)),
  ];
}
