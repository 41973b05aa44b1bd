// A new contract, from its artifact.
import { field, fill, h } from "../dom.js";
import { hex, wei } from "../format.js";
import { controls, sent } from "../functions.js";
import { contract, keep } from "../interfaces.js";
import { call } from "../rpc.js";
import { sender } from "../sender.js";

const bytecodeOf = ({ bytecode }) => (typeof bytecode === "string" ? bytecode : bytecode?.object);

/** The form for the constructor of an artifact. */
async function form(artifact, text) {
  const code = bytecodeOf(artifact);
  if (!Array.isArray(artifact.abi) || !/^(0x)?([0-9a-fA-F]{2})+$/.test(code ?? "")) throw new Error("the file is not an artifact: it needs abi and bytecode");
  const { interface: known } = await call("bessemer_getInterface", artifact.abi);
  const { element, values } = controls(known.constructor);
  const value = h("input", { autocomplete: "off", value: "0" });
  const from = await sender();
  const output = h("output", { role: "status" });
  const transactionOf = async () => {
    const input = await call("bessemer_encodeCall", artifact.abi, "constructor", values());
    return { data: `0x${code.replace(/^0x/, "")}${input.slice(2)}`, value: hex(wei(value.value)) };
  };
  const submit = async (event) => {
    event.preventDefault();
    try {
      const found = await sent(transactionOf, from, artifact.abi, output, false);
      // the file of a program has its interface
      if (found?.status === "0x1" && (await contract(found.contractAddress)).kind === "evm") await keep(found.contractAddress, text);
    } catch (error) {
      fill(output, h("p", { class: "note" }, error.message));
    }
  };
  return h("form", { class: "function", submit },
    h("h2", {}, artifact.contractName ?? "Contract"), from.element, element,
    field("value that is sent (wei, gwei, ether)", value),
    h("div", { class: "buttons" }, h("button", {}, "Deploy")), output);
}

export async function deploy() {
  const file = h("input", { type: "file", accept: ".json,application/json" });
  const body = h("div", {});
  file.addEventListener("change", async () => {
    try {
      const text = await file.files[0].text();
      fill(body, await form(JSON.parse(text), text));
    } catch (error) {
      fill(body, h("p", { class: "note", role: "alert" }, error.message));
    }
  });
  return [
    h("h1", {}, "Deploy"),
    h("p", {}, "An artifact of ", h("code", {}, "bessemer build"), " (target/bessemer), Hardhat or Foundry."),
    field("Artifact (JSON)", file),
    body,
  ];
}
