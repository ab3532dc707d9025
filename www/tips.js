// Shows the tip of an element with `data-tip` while the element has the pointer or the focus. The tip stays
// while the pointer is on it, and Escape hides it.

import { h } from "./dom.js";

const tip = h("div", { "id": "tip", "popover": "manual", "role": "tooltip" });
let shownFor;

/** Starts to show tips in this document. */
export function startTips() {
  document.body.append(tip);
  let at = "";
  const place = ({ clientX, clientY }) => `${clientX} ${clientY}`;
  document.addEventListener("pointermove", (event) => (at = place(event)), { passive: true });
  document.addEventListener("pointerdown", (event) => (at = place(event)), { passive: true });
  document.addEventListener("pointerover", (event) => {
    const { target } = event;
    // A pointer that rests while the page below it changes asks for nothing.
    if (at === place(event)) return;
    at = place(event);
    const next = target.closest?.("[data-tip]");
    if (target !== tip && (next || !shownFor?.matches(":focus"))) show(next);
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
  // Screen readers read a tip only inside an open dialog, and elsewhere it should be inside a landmark.
  (element.closest("dialog, main") ?? document.body).append(tip);
  tip.showPopover();
  element.setAttribute("aria-describedby", tip.id);
  const { left, top, bottom } = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const below = bottom + 6 + height < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  tip.style.top = `${below ? bottom + 6 : top - height - 6}px`;
}
