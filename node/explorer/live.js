// What happens on the chain, as it happens.

/** Subscribes by WebSocket, again after each interruption. */
export class Live {
  constructor({ head, log, state }) {
    Object.assign(this, { head, log, state, wait: 500 });
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/`);
    const topics = new Map();
    const asked = new Map([[1, "newHeads"], [2, "logs"]]);
    socket.onopen = () => {
      this.wait = 500;
      for (const [id, topic] of asked) {
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "eth_subscribe", params: topic === "logs" ? [topic, {}] : [topic] }));
      }
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (asked.has(message.id)) {
        topics.set(message.result, asked.get(message.id));
        if (topics.size === asked.size) this.state(true);
        return;
      }
      const { subscription, result } = message.params ?? {};
      const topic = topics.get(subscription);
      if (topic === "newHeads") this.head(result);
      if (topic === "logs") this.log(result);
    };
    socket.onclose = () => {
      this.state(false);
      setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, 15000);
    };
  }
}
