// Requests to the node that served this page.

/** An error that the node answered. */
export class RpcError extends Error {
  constructor({ code, message, data }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

let ids = 0;
const request = (method, params) => ({ jsonrpc: "2.0", id: ++ids, method, params });

async function post(body) {
  const answer = await fetch("/", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the node answered ${answer.status}`);
  return answer.json();
}

const result = (answer) => {
  if (answer.error) throw new RpcError(answer.error);
  return answer.result;
};

export const call = async (method, ...params) => result(await post(request(method, params)));

/** Several requests at once: [[method, ...params], ...]. Those that fail give null. */
export async function all(calls) {
  const results = [];
  for (let at = 0; at < calls.length; at += 200) {
    const requests = calls.slice(at, at + 200).map(([method, ...params]) => request(method, params));
    const answers = new Map((await post(requests)).map((answer) => [answer.id, answer]));
    results.push(...requests.map(({ id }) => answers.get(id)?.result ?? null));
  }
  return results;
}

/** The receipt of a transaction, once it is in a block. */
export async function receipt(hash, seconds = 30) {
  for (let tries = 0; tries < seconds * 5; tries += 1) {
    const found = await call("eth_getTransactionReceipt", hash);
    if (found) return found;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  throw new Error("the transaction is not in a block yet");
}
