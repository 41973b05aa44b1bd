// One account: what it owns, and if it is a contract, its functions and events.
import { facts, field, fill, h } from "../dom.js";
import { address as addressLink, block, ether, grouped, hex, isAddress, number } from "../format.js";
import { eventList } from "../eventlist.js";
import { functionForms } from "../functions.js";
import { contract, keep, target } from "../interfaces.js";
import { all, call } from "../rpc.js";
import { sender } from "../sender.js";
import { transactions } from "../transactions.js";

const KINDS = { none: "account without code", evm: "EVM bytecode", riscv: "RISC-V program" };
const BLOCKS = 200;

/** A form that takes the interface of a contract whose code does not have it. */
function interfaceForm(address, done) {
  const text = h("textarea", { rows: 4, spellcheck: "false" });
  const output = h("output", { role: "status" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await keep(address, text.value);
      done();
    } catch (error) {
      fill(output, h("p", { class: "note" }, error.message));
    }
  };
  return h("form", { class: "function", submit }, field("Interface or artifact of this contract (JSON)", text), h("div", { class: "buttons" }, h("button", {}, "Use it")), output);
}

/** What the account sent and got in the newest blocks. */
async function recent(address) {
  const height = number(await call("eth_blockNumber"));
  const numbers = Array.from({ length: Math.min(BLOCKS, height + 1) }, (_, index) => hex(height - index));
  const blocks = await all(numbers.map((it) => ["eth_getBlockByNumber", it, true]));
  const mine = (it) => [it.from, it.to].some((other) => other?.toLowerCase() === address.toLowerCase());
  return blocks.filter(Boolean).flatMap((it) => it.transactions.filter(mine).reverse()).slice(0, 50);
}

export async function account(address, live) {
  if (!isAddress(address)) throw new Error("this is not an address");
  const read = () => Promise.all([call("eth_getBalance", address), call("eth_getTransactionCount", address)]);
  const [[balance, nonce], found, height] = await Promise.all([read(), contract(address), call("eth_blockNumber")]);
  const isContract = found.kind !== "none";
  const owns = h("span", {}, ether(balance));
  const sentBy = h("span", {}, grouped(nonce));
  const events = isContract ? await eventList({ address }) : null;
  const history = h("div", {}, await transactions(`Of the last ${BLOCKS} blocks`, await recent(address)));
  live.log = events?.add;
  live.head = async () => {
    const [newBalance, newNonce] = await read();
    fill(owns, ether(newBalance));
    fill(sentBy, grouped(newNonce));
    fill(history, await transactions(`Of the last ${BLOCKS} blocks`, await recent(address)));
  };
  const functions = found.interface?.functions;
  return [
    h("h1", {}, isContract ? "Contract" : "Account"),
    facts([
      ["Address", addressLink(address, true)],
      ["Kind", KINDS[found.kind]],
      ["Balance", owns],
      [isContract ? "Nonce" : "Transactions sent", sentBy],
      ["Code", isContract && `${grouped(found.size)} bytes`],
      ["Hash of the code", isContract && h("span", { class: "code" }, found.codeHash)],
      ["As of block", block(height)],
    ]),
    functions && functionForms(address, target(address), functions, await sender()),
    isContract && !functions && [
      h("h2", {}, "Functions"),
      found.kind === "evm"
        ? interfaceForm(address, () => dispatchEvent(new HashChangeEvent("hashchange")))
        : h("p", { class: "faint" }, "The contract's file says nothing of its functions."),
    ],
    events && [h("h2", {}, "Events"), events.element],
    h("h2", {}, "Transactions"), history,
  ];
}
