// Interfaces of contracts: their files have them; those of bytecode are given by people and kept here.
import { call, all } from "./rpc.js";

const key = (address) => `interface:${address.toLowerCase()}`;
const kept = (address) => localStorage.getItem(key(address));

/** What calls name to decode by: the address, or an interface that was given for it. */
export const target = (address) => (kept(address) ? JSON.parse(kept(address)) : address);

/** Kind, file and interface of an account. */
export async function contract(address) {
  const found = await call("bessemer_getInterface", address);
  if (found.kind === "evm" && kept(address)) {
    found.interface = (await call("bessemer_getInterface", target(address))).interface;
  }
  return found;
}

/** Keeps an interface or an artifact for an address. */
export async function keep(address, text) {
  const parsed = JSON.parse(text);
  const abi = Array.isArray(parsed) ? parsed : parsed?.abi;
  if (!Array.isArray(abi)) throw new Error("this is neither an interface nor an artifact");
  await call("bessemer_getInterface", abi);
  localStorage.setItem(key(address), JSON.stringify(abi));
}

/** The functions that transactions call; null where nothing says so. */
export const inputs = (transactions) =>
  all(transactions.map(({ to, input }) => ["bessemer_decodeInput", to ? target(to) : [], input]));

/** The events that logs are. */
export const events = (logs) =>
  all(logs.map(({ address, topics, data }) => ["bessemer_decodeLog", target(address), topics, data]));
