// The newest blocks and their transactions.
import { fill, h, table } from "../dom.js";
import { address, block as blockLink, grouped, hex, number, time } from "../format.js";
import { all, call } from "../rpc.js";
import { transactions } from "../transactions.js";

const SHOWN = 20;

async function newest() {
  const height = number(await call("eth_blockNumber"));
  const numbers = Array.from({ length: Math.min(SHOWN, height + 1) }, (_, index) => height - index);
  return (await all(numbers.map((it) => ["eth_getBlockByNumber", hex(it), true]))).filter(Boolean);
}

async function content() {
  const blocks = await newest();
  const sent = blocks.flatMap((it) => [...it.transactions].reverse()).slice(0, SHOWN);
  const rows = blocks.map((it) => [
    blockLink(it.number), time(it.timestamp), String(it.transactions.length), grouped(it.gasUsed), address(it.miner),
  ]);
  return [
    h("h2", {}, "Transactions"), await transactions("The newest transactions of these blocks", sent),
    h("h2", {}, "Blocks"), table("The newest blocks", ["Number", "Time", "#Transactions", "#Gas used", "Coinbase"], rows),
  ];
}

/** The first page; each new block is shown. */
export async function blocks(_, live) {
  const body = h("div", {}, await content());
  let busy = false;
  live.head = async () => {
    if (busy) return;
    busy = true;
    // many blocks in one moment are shown at once
    await new Promise((wake) => setTimeout(wake, 250));
    busy = false;
    fill(body, await content());
  };
  return [h("h1", {}, "Blocks"), body];
}
