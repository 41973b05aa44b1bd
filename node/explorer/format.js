// How numbers, hashes and times are shown.
import { h } from "./dom.js";

const ETHER = 10n ** 18n;

export const number = (hex) => Number(BigInt(hex));
export const hex = (value) => `0x${BigInt(value).toString(16)}`;
export const grouped = (value) => BigInt(value).toString().replace(/\B(?=(\d{3})+$)/g, " ");
export const short = (text) => (text.length > 22 ? `${text.slice(0, 12)}…${text.slice(-8)}` : text);
export const isHash = (text) => /^0x[0-9a-fA-F]{64}$/.test(text);
export const isAddress = (text) => /^0x[0-9a-fA-F]{40}$/.test(text);

/** Wei as ether, exact. */
export function ether(wei) {
  const amount = BigInt(wei);
  const rest = (amount % ETHER).toString().padStart(18, "0").replace(/0+$/, "");
  return `${amount / ETHER}${rest && `.${rest}`} ether`;
}

/** An amount as people write it: 5, 0.5 ether, 1 gwei. */
export function wei(text) {
  const found = /^\s*(\d+)(?:\.(\d+))?\s*(wei|gwei|ether)?\s*$/.exec(text || "0");
  const places = { wei: 0, gwei: 9, ether: 18 }[found?.[3] ?? "wei"];
  const part = found?.[2] ?? "";
  if (!found || part.length > places) throw new Error(`${JSON.stringify(text)} is not an amount: write it like 5, 1 gwei or 0.5 ether`);
  return BigInt(found[1] + part.padEnd(places, "0"));
}

export function time(seconds) {
  const date = new Date(number(seconds) * 1000);
  const text = Number.isNaN(date.getTime()) ? `second ${grouped(seconds)}` : date.toISOString().replace("T", " ").replace(".000Z", " UTC");
  return h("time", {}, text);
}

const link = (path, text, title) => h("a", { href: `#/${path}`, class: "code", title }, text);
export const block = (id) => link(`block/${number(id)}`, grouped(id));
export const transaction = (hash, whole) => link(`tx/${hash}`, whole ? hash : short(hash), hash);
export const address = (it, whole) => (it ? link(`address/${it}`, whole ? it : short(it), it) : h("span", { class: "faint" }, "new contract"));
export const status = (good) => h("strong", { class: good ? "good" : "bad" }, good ? "succeeded" : "failed");
