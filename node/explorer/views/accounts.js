// The accounts whose keys the node has.
import { h, table } from "../dom.js";
import { address, ether, grouped } from "../format.js";
import { all, call } from "../rpc.js";

export async function accounts() {
  const list = await call("eth_accounts");
  const known = await all(list.flatMap((it) => [["eth_getBalance", it], ["eth_getTransactionCount", it]]));
  const rows = list.map((it, index) => [address(it, true), ether(known[2 * index] ?? 0), grouped(known[2 * index + 1] ?? 0)]);
  return [
    h("h1", {}, "Accounts"),
    rows.length > 0
      ? table("Development accounts: everybody knows their keys", ["Address", "#Balance", "#Transactions"], rows)
      : h("p", {}, "The node has no keys: use a wallet in the browser."),
  ];
}
