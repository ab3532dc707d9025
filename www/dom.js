// Makes elements. Text always stays text: no input is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element with attributes and children. A function becomes a listener (`onclick`), `true` an
 * attribute without a value; `false`, `undefined` and `null` are left out.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

/** The element of index.html with this id. */
export function byId(id) {
  return document.getElementById(id);
}

let ids = 0;

/** A new id that no other element has. */
export function newId(name) {
  ids += 1;
  return `${name}-${ids}`;
}

/** Sets the text of an element, and leaves the layout alone where it has that text already. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** How long a message stays in the page's corner, in milliseconds. */
const STAYS = 10_000;

let clearing;

/**
 * Has a screen reader read the text aloud, and shows it in the page's corner unless it is `quiet`, because
 * the page shows it elsewhere. While a dialog is open, screen readers read only the dialog's content.
 */
export function announce(text, { quiet = false } = {}) {
  const dialogs = document.querySelectorAll("dialog[open] .dialog-status");
  const place = [...dialogs].at(-1) ?? byId(quiet ? "quiet-status" : "status");
  // Without this, a repeated text would not be read again.
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = text));
  clearTimeout(clearing);
  clearing = setTimeout(() => (byId("status").textContent = ""), STAYS);
}

/** Takes away what was said in the page's corner. */
export function hush() {
  byId("status").textContent = "";
}

/** Copies text. Resolves to false if the browser does not allow it. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
