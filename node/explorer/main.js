// Which view is shown, search, and what happens live.
import { fill, h } from "./dom.js";
import { Live } from "./live.js";
import { find } from "./search.js";
import { accounts } from "./views/accounts.js";
import { block } from "./views/block.js";
import { blocks } from "./views/blocks.js";
import { account } from "./views/account.js";
import { deploy } from "./views/deploy.js";
import { events } from "./views/events.js";
import { transaction } from "./views/transaction.js";

const VIEWS = { "": blocks, block, tx: transaction, address: account, accounts, events, deploy };

const main = document.getElementById("main");
let shown = { path: "", live: {} };

/** Shows what the address of the page names. */
async function show(focus) {
  const path = location.hash.replace(/^#\/?/, "");
  const [name, ...rest] = path.split("/");
  shown = { path, live: {} };
  const mine = shown;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash.replace(/^#\/?/, "") === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let content;
  try {
    const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : null;
    if (!view) throw new Error("there is no such page");
    // a view says what it does when something happens: { head, log }
    content = await view(decodeURIComponent(rest.join("/")), mine.live);
  } catch (error) {
    content = [h("h1", {}, "Not shown"), h("p", { class: "note", role: "alert" }, error.message)];
  }
  if (shown !== mine) return;
  fill(main, content);
  const heading = main.querySelector("h1");
  document.title = `${heading?.textContent ?? ""} · Bessemer`;
  if (focus && heading) {
    heading.tabIndex = -1;
    heading.focus();
  }
}

const connection = document.getElementById("connection");
new Live({
  head: (head) => shown.live.head?.(head),
  log: (log) => shown.live.log?.(log),
  state: (open) => fill(connection, open ? "live" : "not connected"),
});

const query = document.getElementById("query");
document.getElementById("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    query.setCustomValidity("");
    location.hash = await find(query.value.trim());
  } catch (error) {
    query.setCustomValidity(error.message);
    query.reportValidity();
  }
});
query.addEventListener("input", () => query.setCustomValidity(""));
addEventListener("hashchange", () => {
  // the link that skips to the content is none of a view
  if (location.hash !== "#main") show(true);
});
show(false);
