// Where something is shown that people search for.
import { hex, isAddress, isHash } from "./format.js";
import { all } from "./rpc.js";

/** The path of a block, transaction or account. */
export async function find(text) {
  if (isAddress(text)) return `#/address/${text}`;
  if (isHash(text)) {
    const [transaction, block] = await all([["eth_getTransactionByHash", text], ["eth_getBlockByHash", text, false]]);
    if (transaction) return `#/tx/${text}`;
    if (block) return `#/block/${Number(block.number)}`;
    throw new Error("no block and no transaction has this hash");
  }
  if (/^(0x[0-9a-fA-F]{1,16}|\d{1,18})$/.test(text)) {
    const [block] = await all([["eth_getBlockByNumber", hex(text), false]]);
    if (block) return `#/block/${Number(block.number)}`;
    throw new Error("there is no block of this number yet");
  }
  throw new Error("write the number of a block, a hash, or an address");
}
