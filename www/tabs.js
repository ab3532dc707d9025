// Tabs: one is in the tab order, arrow keys move between them, and each has its panel.

/**
 * Makes the tabs of a list work; `onShow` receives the id of the visible panel, and `onChosen` is called when
 * the user has chosen another.
 */
export function startTabs(list, onShow, onChosen = () => {}) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const select = (selected) => {
    for (const tab of tabs) {
      const chosen = tab === selected;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      panelOf(tab).hidden = !chosen;
    }
    onShow(panelOf(selected).id);
  };
  const choose = (tab) => {
    const other = tab.getAttribute("aria-selected") !== "true";
    select(tab);
    if (other) onChosen();
  };
  list.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    choose(tab);
  });
  select(tabs[0]);
  return {
    show: (panel) => select(tabs.find((tab) => panelOf(tab) === panel)),
    get shown() {
      return panelOf(tabs.find((tab) => tab.getAttribute("aria-selected") === "true"));
    },
  };
}
