// Who sends transactions: an account whose key the node has, or a wallet in the browser.
import { field, h } from "./dom.js";
import { hex } from "./format.js";
import { call } from "./rpc.js";

const WALLET = "wallet";

/** A choice of senders. */
export async function sender() {
  const accounts = await call("eth_accounts");
  const options = accounts.map((it, index) => h("option", { value: it }, `${index}: ${it}`));
  if (globalThis.ethereum) options.push(h("option", { value: WALLET }, "wallet in the browser"));
  if (options.length === 0) options.push(h("option", { value: "" }, "none: the node has no keys, and there is no wallet"));
  const select = h("select", {}, options);
  return {
    element: field("Sender", select),
    /** The sender of calls that change nothing. */
    address: () => (select.value && select.value !== WALLET ? select.value : undefined),
    send: (transaction) => send(select.value, transaction),
  };
}

async function send(from, transaction) {
  if (!from) throw new Error("there is no account to send from");
  if (from !== WALLET) return call("eth_sendTransaction", { ...transaction, from });
  const [account] = await globalThis.ethereum.request({ method: "eth_requestAccounts" });
  const [theirs, ours] = await Promise.all([globalThis.ethereum.request({ method: "eth_chainId" }), call("eth_chainId")]);
  if (BigInt(theirs) !== BigInt(ours)) throw new Error(`the wallet is on chain ${BigInt(theirs)}, and this is chain ${BigInt(ours)}`);
  return globalThis.ethereum.request({ method: "eth_sendTransaction", params: [{ ...transaction, from: account }] });
}

/** Gas that suffices for nearly everything: what a transaction may have at most. */
export async function mostGas() {
  const { gasLimit } = await call("eth_getBlockByNumber", "latest", false);
  const cap = 1n << 24n;
  return hex(BigInt(gasLimit) < cap ? gasLimit : cap);
}
