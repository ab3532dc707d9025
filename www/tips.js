// A tip for whatever has `data-tip`, when a pointer rests on it or the focus is on it. It stays while
// the pointer is on the tip itself, and goes with Escape.

import { h } from "./dom.js";

const tip = h("div", { "id": "tip", "popover": "manual", "role": "tooltip" });
let shownFor;

/** Starts to watch the document. */
export function startTips() {
  document.body.append(tip);
  document.addEventListener("pointerover", ({ target }) => {
    if (target !== tip) show(target.closest?.("[data-tip]"));
  });
  document.addEventListener("focusin", ({ target }) => show(target.closest("[data-tip]")));
  document.addEventListener("focusout", () => show(null));
  document.addEventListener("scroll", () => show(null), { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shownFor) show(null);
  });
}

function show(element) {
  if (element === shownFor) return;
  if (shownFor) {
    shownFor.removeAttribute("aria-describedby");
    tip.hidePopover();
  }
  shownFor = element ?? undefined;
  if (!element) return;
  tip.textContent = element.dataset.tip;
  // On top of a dialog, the tip has to be in it to be read; elsewhere it belongs to a landmark.
  (element.closest("dialog, main") ?? document.body).append(tip);
  tip.showPopover();
  element.setAttribute("aria-describedby", tip.id);
  const { left, top, bottom } = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const below = bottom + 6 + height < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  tip.style.top = `${below ? bottom + 6 : top - height - 6}px`;
}
