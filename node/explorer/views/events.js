// Events of all contracts, the newest first.
import { h } from "../dom.js";
import { eventList } from "../eventlist.js";

export async function events(_, live) {
  const list = await eventList({});
  live.log = list.add;
  return [h("h1", {}, "Events"), list.element];
}
