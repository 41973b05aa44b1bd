// One block.
import { facts, h } from "../dom.js";
import { address, block as blockLink, grouped, hex, number, time } from "../format.js";
import { call } from "../rpc.js";
import { transactions } from "../transactions.js";

export async function block(id) {
  if (!/^\d{1,18}$/.test(id)) throw new Error("blocks have numbers");
  const it = await call("eth_getBlockByNumber", hex(id), true);
  if (!it) throw new Error("there is no block of this number yet");
  const height = number(it.number);
  return [
    h("h1", {}, `Block ${grouped(it.number)}`),
    facts([
      ["Time", time(it.timestamp)],
      ["Hash", h("span", { class: "code" }, it.hash)],
      ["Before it", height > 0 ? blockLink(hex(height - 1)) : "nothing"],
      ["After it", blockLink(hex(height + 1))],
      ["Gas used", `${grouped(it.gasUsed)} of ${grouped(it.gasLimit)}`],
      ["Base fee", it.baseFeePerGas && `${grouped(it.baseFeePerGas)} wei`],
      ["Coinbase", address(it.miner, true)],
      ["State root", h("span", { class: "code" }, it.stateRoot)],
    ]),
    h("h2", {}, "Transactions"),
    await transactions("All of this block", it.transactions),
  ];
}
