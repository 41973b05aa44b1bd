// Forms by which functions of a contract are called.
import { field, fill, h } from "./dom.js";
import { hex, status, transaction, wei } from "./format.js";
import { call, receipt } from "./rpc.js";
import { mostGas } from "./sender.js";
import { decoded, results } from "./values.js";

const reads = ({ stateMutability }) => stateMutability === "view" || stateMutability === "pure";

/** A message of what went wrong, with the error of the contract if it is one. */
async function wrong(error, target) {
  const known = error.data ? await call("bessemer_decodeError", target, error.data).catch(() => null) : null;
  return h("p", { class: "note" }, error.message, known && [": ", decoded(known)]);
}

/** Controls for arguments, and what stands in them. */
export function controls(inputs) {
  const list = inputs.map(({ type }) => (type === "string" || type === "bytes" || type.includes("[") || type.includes("(") ? h("textarea", { rows: 1, spellcheck: "false" }) : h("input", { autocomplete: "off", spellcheck: "false" })));
  const element = inputs.map(({ name, type }, index) => field(`${name || `argument ${index + 1}`} (${type})`, list[index]));
  return { element, values: () => list.map((control) => control.value) };
}

/** Sends, and says what became of it; what would fail is sent only if people want that. */
export async function sent(transactionOf, sender, target, output, anyway) {
  const wanted = await transactionOf();
  try {
    fill(output, "sent, waits for a block");
    const gas = anyway ? { gas: await mostGas() } : {};
    const found = await receipt(await sender.send({ ...wanted, ...gas }));
    fill(output, status(found.status === "0x1"), " in ", transaction(found.transactionHash), found.contractAddress && [": ", h("a", { href: `#/address/${found.contractAddress}`, class: "code" }, found.contractAddress)]);
    return found;
  } catch (error) {
    const again = !anyway && h("button", { type: "button", click: () => sent(transactionOf, sender, target, output, true) }, "Send it all the same");
    fill(output, await wrong(error, target), again);
    return null;
  }
}

/** A form for one function. */
export function functionForm(address, target, it, sender) {
  const { element, values } = controls(it.inputs);
  const value = it.stateMutability === "payable" ? h("input", { autocomplete: "off", value: "0" }) : null;
  const output = h("output", { role: "status" });
  const encoded = () => call("bessemer_encodeCall", target, it.signature, values());
  const transactionOf = async () => ({ to: address, data: await encoded(), ...(value ? { value: hex(wei(value.value)) } : {}) });
  const read = async () => {
    const from = sender.address();
    const answer = await call("eth_call", { ...(await transactionOf()), ...(from ? { from } : {}) }, "latest");
    const list = await call("bessemer_decodeOutput", target, it.signature, answer);
    fill(output, list.length > 0 ? results(list) : "returned nothing");
  };
  const run = (what) => async (event) => {
    event?.preventDefault();
    try {
      await what();
    } catch (error) {
      fill(output, await wrong(error, target));
    }
  };
  const write = run(() => sent(transactionOf, sender, target, output, false));
  const form = h("form", { class: "function", submit: reads(it) ? run(read) : write },
    element,
    value && field("value that is sent (wei, gwei, ether)", value),
    h("div", { class: "buttons" },
      h("button", {}, reads(it) ? "Read" : "Send"),
      !reads(it) && h("button", { type: "button", click: run(read) }, "Try without sending")),
    output);
  return h("details", { open: reads(it) && it.inputs.length === 0, "data-function": it.name }, h("summary", {}, h("span", { class: "code" }, it.signature)), form);
}

/** Forms for all functions: those that read, and those that write. */
export function functionForms(address, target, functions, sender) {
  const forms = (list) => (list.length > 0 ? list.map((it) => functionForm(address, target, it, sender)) : h("p", { class: "faint" }, "None."));
  return [
    h("h2", {}, "Read"), forms(functions.filter(reads)),
    h("h2", {}, "Write"), sender.element, forms(functions.filter((it) => !reads(it))),
  ];
}
