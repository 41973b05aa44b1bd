// Events, the newest first, and those that come.
import { h } from "./dom.js";
import { hex, number, transaction } from "./format.js";
import { events } from "./interfaces.js";
import { call } from "./rpc.js";
import { event } from "./values.js";

const BLOCKS = 1000;
const SHOWN = 100;

const line = (log, known) => h("li", {}, event(log, known), " in ", transaction(log.transactionHash));

/** The last events that a filter lets through, with a function that adds another. */
export async function eventList(filter) {
  const height = number(await call("eth_blockNumber"));
  const logs = await call("eth_getLogs", { ...filter, fromBlock: hex(Math.max(0, height - BLOCKS)), toBlock: "latest" });
  const newest = logs.slice(-SHOWN).reverse();
  const known = await events(newest);
  const list = h("ol", { class: "plain", reversed: true, "aria-live": "polite", "aria-label": "Events" }, newest.map((log, index) => line(log, known[index])));
  const none = h("p", { class: "faint", hidden: newest.length > 0 }, `None in the last ${BLOCKS} blocks.`);
  const add = async (log) => {
    if (log.removed || (filter.address && filter.address.toLowerCase() !== log.address.toLowerCase())) return;
    const [decoded] = await events([log]);
    none.hidden = true;
    list.prepend(line(log, decoded));
    while (list.children.length > SHOWN) list.lastElementChild.remove();
  };
  return { element: h("div", {}, none, list), add };
}
