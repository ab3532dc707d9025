// The key console: connects the parts. It never writes a token or a key to storage, to the address or to the
// browser's console.

import { fragmentOf, readFragment, withoutKeys } from "./address.js";
import { openCleanUp } from "./cleanup.js";
import { clock } from "./clock.js";
import { startConnection } from "./connection.js";
import { openCreate } from "./create.js";
import { openDialog } from "./dialog.js";
import { announce, byId, h } from "./dom.js";
import { findEmulator } from "./emulator.js";
import { askToFinish } from "./finish.js";
import { Inventory } from "./inventory.js";
import { Journal } from "./journal.js";
import { KeysView } from "./keys.js";
import { shown } from "./names.js";
import { startNetwork } from "./network.js";
import { count } from "./numbers.js";
import { withOwner } from "./owner-id.js";
import { pause } from "./pause.js";
import { askToRevoke } from "./revoke.js";
import { openRotation } from "./rotate.js";
import { Service, urlOf } from "./service.js";
import { startShortcuts } from "./shortcuts.js";
import { startSurvive } from "./survive.js";
import { startTabs } from "./tabs.js";
import { exact } from "./time.js";
import { TimelineView } from "./timeline.js";
import { startTips } from "./tips.js";

const journal = new Journal({
  list: byId("journal"),
  empty: byId("journal-empty"),
  count: byId("journal-count"),
});
const timeline = new TimelineView({
  open: (record) => keys.open(record),
  showEnds: (ends) => {
    tabs.show(byId("keys-panel"));
    keys.showEnds(ends);
    byId("filter").focus();
  },
});
const keys = new KeysView({
  onShown: (records, part) => timeline.update(records, part),
  onView: tell,
  create,
  rotate,
  revoke: (record) =>
    withOwner({ record, service, restore }, (record) =>
      askToRevoke({
        record,
        readAt: inventory.readAt,
        service,
        onRevoked: (id) => inventory.change({ removed: [id] }),
        restore,
      }),
    ),
  finish: (record) =>
    askToFinish({ record, restore, rotate, cleanUp: (ids) => cleanUp({ ids, shown: new Set(ids) }) }),
  cleanUp,
});

let service;
let inventory;
let redrawing;
let lookAtTrial;

const emulator = await findEmulator();
const connection = startConnection({ emulator, connect });
const tabs = startTabs(byId("tabs"), (panel) => timeline.setShown(panel === "timeline-panel"), tell);
startShortcuts({
  isConnected: () => service !== undefined && !byId("console").hidden,
  filter: () => {
    tabs.show(byId("keys-panel"));
    byId("filter").focus();
    byId("filter").select();
  },
  create,
});
startTips();
if (emulator?.faults) {
  const refresh = startNetwork();
  journal.onEnd(refresh);
  lookAtTrial = startSurvive();
  byId("to-survive").hidden = false;
  byId("survive-console").addEventListener("click", () => {
    location.hash = "#keys";
    if (!service) byId("connect-form").requestSubmit();
  });
}
addEventListener("popstate", showView);
showView();

byId("create").addEventListener("click", create);
byId("reload").addEventListener("click", () => inventory.load());
byId("disconnect").addEventListener("click", () => (journal.isOpen ? askToDisconnect() : disconnect()));
byId("clear-journal").addEventListener("click", () => {
  journal.clear();
  announce(journal.isOpen ? "Cleared, but for what is still open." : "Cleared.");
  byId("main").focus();
});

const showOnline = () => (byId("offline").hidden = navigator.onLine);
clock.onChange(() => {
  byId("clock").textContent = clock.words && `${clock.words} Times of keys are told by the service’s.`;
  byId("clock").hidden = !clock.words;
  inventory?.refresh();
});
addEventListener("online", showOnline);
addEventListener("offline", showOnline);
showOnline();
document.documentElement.dataset.ready = "";
// Every page needs this format; in a task of its own, it keeps nobody waiting.
setTimeout(() => exact(0));

/** Whether "See it survive" is shown: it is the first thing that the demo shows. */
function isSurvive({ view }) {
  return Boolean(emulator?.faults) && (view === "survive" || location.hash.length < 2);
}

/** Writes what is shown into the address. Typing does not fill the history. */
async function tell({ replaces = false } = {}) {
  // It makes the browser lay the page out first.
  await pause();
  if (!service) return;
  const fragment = fragmentOf({ view: tabs.shown.id.replace("-panel", ""), ...keys.view });
  if (fragment !== location.hash) history[replaces ? "replaceState" : "pushState"](null, "", fragment);
}

/** Shows what the address names. */
function showView() {
  // A link may hold a key.
  const safe = withoutKeys(location.hash);
  if (safe !== location.hash) history.replaceState(null, "", safe);
  const asked = readFragment(location.hash);
  const survives = isSurvive(asked);
  byId("survive").hidden = !survives;
  if (survives) lookAtTrial?.();
  byId("console").hidden = survives || !service;
  if (service && !survives) {
    const panel = byId(`${asked.view}-panel`) ?? byId("keys-panel");
    tabs.show(panel);
    keys.setView(asked);
  }
  const own = byId("own");
  own.hidden = Boolean(service);
  own.toggleAttribute("data-folds", survives);
  own.open = !survives;
}

/** Draws the keys anew, but not for every page of a long list. */
function redraw() {
  if (!inventory.loading) return keys.update();
  if (redrawing) return;
  keys.update();
  redrawing = setTimeout(() => {
    redrawing = undefined;
    if (inventory) keys.update();
  }, 250);
}

/** Connects, or rejects with the error. */
async function connect(settings) {
  clock.forget();
  if (emulator && urlOf(settings.baseUrl)?.origin === location.origin) clock.heard(...emulator.heard);
  const newService = new Service(settings, journal);
  const newInventory = new Inventory(newService, () => inventory === newInventory && redraw());
  await newInventory.open();
  // While little has changed, this costs little: both need the layout.
  byId("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  [service, inventory] = [newService, newInventory];
  byId("session").hidden = false;
  const asked = readFragment(location.hash);
  if (!byId(`${asked.view}-panel`)) history.replaceState(null, "", "#keys");
  keys.use(inventory);
  showView();
  byId("where").textContent = urlOf(settings.baseUrl)?.host ?? settings.baseUrl;
  byId("who").textContent =
    `${shown(settings.accountId)} · ${settings.userId === "-" ? "everyone" : shown(settings.userId)}`;
  const far = inventory.isWhole ? "" : " so far";
  announce(`Connected. ${count(inventory.records.length, "key")}${far}.`, { quiet: true });
}

function disconnect() {
  inventory.close();
  const isAtWork = journal.isAtWork;
  [service, inventory] = [undefined, undefined];
  byId("session").hidden = true;
  byId("keys-body").replaceChildren();
  journal.clear({ all: true });
  clock.forget();
  history.replaceState(null, "", "#connect");
  showView();
  connection.show();
  const kept = "Disconnected. What is under way keeps the token until it ends.";
  announce(isAtWork ? kept : "Disconnected. The token is forgotten.");
}

/** Asks before disconnecting if a lost key may still be found: the page would forget its tag. */
function askToDisconnect() {
  const leave = () => {
    dialog.close();
    disconnect();
  };
  const dialog = openDialog({
    title: "A key may be left behind",
    body: h(
      "p",
      {},
      "A create or a rotation may have left a key: see “What happened”. Once disconnected, you cannot look " +
        "for it from here. Looks that are under way go on, with the token, until they end.",
    ),
    actions: [
      h(
        "button",
        { type: "button", class: "primary", autofocus: true, onclick: () => dialog.close() },
        "Stay",
      ),
      h("button", { type: "button", onclick: leave }, "Disconnect"),
    ],
  });
}

function rotate(record) {
  withOwner({ record, service, restore }, (record) =>
    openRotation({
      record,
      service,
      restore,
      onChanged: ({ added = [], removed }) => {
        for (const { keyId } of added) keys.markNew(keyId);
        return inventory.change({ added, removed });
      },
    }),
  );
}

/** Revokes many keys. `untick` is called with each that is revoked. */
function cleanUp({ ids, shown, untick }) {
  openCleanUp({
    ids,
    shown,
    service,
    restore,
    readAgain: () => inventory.readAgain(),
    onRevoked: (id) => untick?.(id),
    onDone: (revoked) => inventory.change({ removed: revoked, reload: true }),
  });
}

function create() {
  openCreate({
    service,
    users: inventory.users,
    restore,
    onCreated: (key) => {
      keys.markNew(key.keyId);
      inventory.change({ added: [key] });
    },
  });
}

/** Focuses the table, if the element that opened a dialog is gone. */
function restore() {
  return !byId("keys-panel").hidden && keys.focus();
}
