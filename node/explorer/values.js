// Decoded calls, events and values.
import { h } from "./dom.js";
import { address, isAddress } from "./format.js";

/** A value of any type. */
export function value(it) {
  if (Array.isArray(it)) return ["[", it.map((item, index) => [index ? ", " : "", value(item)]), "]"];
  if (it !== null && typeof it === "object") {
    return ["{ ", Object.entries(it).map(([name, item], index) => [index ? ", " : "", `${name}: `, value(item)]), " }"];
  }
  return h("span", { class: "code" }, isAddress(it) ? address(it) : String(it));
}

const argument = ({ name, type, value: it }, index) => [
  index ? ", " : "",
  h("span", { class: "faint" }, name ? `${name}: ` : ""),
  type === "string" ? h("span", { class: "code" }, JSON.stringify(it)) : value(it),
];

/** name(argument: value, ...) */
export const decoded = ({ name, arguments: list }) => h("span", {}, h("strong", {}, name), "(", list.map(argument), ")");

/** What a function returned. */
export const results = (list) => list.map(argument);

/** An event with its contract, decoded if something says how. */
export function event(log, known) {
  return [known ? decoded(known) : h("span", { class: "code" }, `topics ${log.topics.join(", ") || "none"}, data ${log.data}`), " of ", address(log.address)];
}
