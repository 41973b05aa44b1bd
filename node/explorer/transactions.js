// A table of transactions.
import { h, table } from "./dom.js";
import { address, block, ether, transaction } from "./format.js";
import { inputs } from "./interfaces.js";
import { decoded } from "./values.js";

const bytes = (input) => (input.length - 2) / 2;

/** What a transaction does, in short. */
function action(it, known) {
  if (known) return decoded(known);
  if (!it.to) return "creates a contract";
  return it.input === "0x" ? "transfer" : h("span", { class: "code" }, `${it.input.slice(0, 10)}, ${bytes(it.input)} bytes`);
}

export async function transactions(caption, list) {
  if (list.length === 0) return h("p", { class: "faint" }, "None.");
  const known = await inputs(list.map((it) => ({ ...it, input: it.to ? it.input : "0x" })));
  const rows = list.map((it, index) => [
    transaction(it.hash), it.blockNumber ? block(it.blockNumber) : "waits", address(it.from), address(it.to), action(it, known[index]), ether(it.value),
  ]);
  return table(caption, ["Hash", "Block", "From", "To", "Does", "#Value"], rows);
}
