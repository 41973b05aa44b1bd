// Elements from data. Text is always text: nothing here reads HTML.

// characters that are not seen, or that change how others are shown: controls, marks of direction,
// spaces without width, separators of lines, tags
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** The text with codes in the place of characters that nobody sees. */
export function plain(text) {
  return String(text).replace(HIDDEN, (found) => `\\u{${found.codePointAt(0).toString(16)}}`);
}

/** An element. Children are elements, texts, lists of these, or nothing. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : plain(child));
  }
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Terms with what they are; those without a value are left out. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return h("dl", {}, shown.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** A table; names of columns that hold numbers begin with #. */
export function table(caption, columns, rows) {
  const isNumber = columns.map((name) => name.startsWith("#"));
  const kind = (index) => (isNumber[index] ? { class: "number" } : {});
  return h("div", { class: "scroll" }, h("table", {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, columns.map((name, index) => h("th", { scope: "col", ...kind(index) }, name.replace("#", ""))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, index) => h("td", kind(index), cell)))))));
}

let fields = 0;

/** A labelled control. */
export function field(label, control) {
  const id = `field-${++fields}`;
  control.id = id;
  return h("div", { class: "field" }, h("label", { for: id }, label), control);
}
