// What the page decides without a browser.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fragmentOf, readFragment } from "../../www/address.js";
import { Clock } from "../../www/clock.js";
import { commandsOf, quote } from "../../www/curl.js";
import { explain, explainEvent, isRefusal } from "../../www/explain.js";
import { howOften, ordersFor } from "../../www/faults.js";
import { consequence, expiryOf, LIFETIMES } from "../../www/lifetime.js";
import { nameOf, plain, readableJson, shown } from "../../www/names.js";
import { filtered, ownerOf, recordOf, sorted, tally, usersByEmail } from "../../www/records.js";
import { inView, moved } from "../../www/rows.js";
import { described, lanes, scaleOf, spaced, stateOf } from "../../www/scale.js";
import { DAY, day, exact, hourAndMinute, parseTime, relative, took } from "../../www/time.js";

const NOW = Date.parse("2026-11-25T12:00:00Z");

test("a time is told in words that never make it further than it is", () => {
  for (const [distance, words] of [
    [0, "in less than a minute"],
    [-1_000, "just now"],
    [90_000, "in 1 minute"],
    [-59 * 60_000, "59 minutes ago"],
    [23 * 3_600_000, "in 23 hours"],
    [DAY, "in 1 day"],
    [13 * DAY, "in 13 days"],
    [14 * DAY, "in 2 weeks"],
    [-45 * DAY, "6 weeks ago"],
    [364 * DAY, "in 12 months"],
    [800 * DAY, "in 2 years"],
  ]) {
    assert.equal(relative(NOW + distance, NOW), words);
  }
  assert.equal(
    exact(NOW),
    new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" }).format(NOW),
  );
  assert.equal(parseTime("no time"), undefined);
  assert.equal(parseTime(undefined), undefined);
  assert.deepEqual([took(420), took(3_200), took(125_000)], ["420 ms", "3.2 s", "2 min 5 s"]);
});

test("a lifetime is an option, and its end is told before the key is made", () => {
  assert.deepEqual(
    LIFETIMES.map(({ value }) => expiryOf(value, "2027-01-31")).slice(0, 5),
    ["1h", "1d", "30d", "90d", "365d"].map((expiresIn) => ({ expiresIn })),
  );
  assert.deepEqual(expiryOf("never"), {});
  assert.equal(
    Date.parse(expiryOf("date", "2027-01-31").expireTime),
    new Date(2027, 0, 31, 23, 59, 59).getTime(),
  );
  assert.deepEqual(
    expiryOf("date", ""),
    { expireTime: "" },
    "the module refuses it: never a key without an end",
  );
  assert.ok(consequence("never", "", NOW).warning);
  assert.ok(consequence("date", "2020-01-01", NOW).warning);
  assert.ok(consequence("30d", "", NOW).text.includes(day(NOW + 30 * DAY)));
  assert.ok(consequence("1h", "", NOW).text.includes(hourAndMinute(NOW + 3_600_000)));
});

test("a shell takes every word as it was", () => {
  for (const text of ["plain", "", "it's", '$HOME `id` "x" \\ !', "a\nb", "ü", "-d", "*"]) {
    assert.equal(execFileSync("sh", ["-c", `printf %s ${quote(text)}`]).toString(), text);
  }
});

test("the commands send what was asked for, and the token is a variable", () => {
  const at = { baseUrl: "https://api.fireworks.ai", accountId: "acme", userId: "o'brien/x" };
  const commands = [
    ...commandsOf("listApiKeys", { ...at, pageSize: 500 }),
    ...commandsOf("listUsers", at),
    ...commandsOf("createApiKey", {
      ...at,
      displayName: "it's",
      annotations: { team: "$HOME" },
      expireTime: "2027-01-01T00:00:00Z",
    }),
    ...commandsOf("deleteApiKey", { ...at, keyId: "k'1" }),
    ...commandsOf("rotateApiKey", { ...at, keyId: "k1" }),
  ];
  assert.equal(commands.length, 7);
  const sent = commands.map((command) => run(command));
  assert.ok(sent.every((words) => words.includes("Authorization: Bearer fw_of_the_shell")));
  assert.deepEqual(sent[0].slice(0, 1), [
    "https://api.fireworks.ai/v1/accounts/acme/users/o'brien%2Fx/apiKeys?pageSize=500",
  ]);
  assert.deepEqual(JSON.parse(sent[2].at(-1)), {
    apiKey: { displayName: "it's", expireTime: "2027-01-01T00:00:00Z", annotations: { team: "$HOME" } },
  });
  assert.deepEqual(JSON.parse(sent[3].at(-1)), { keyId: "k'1" });
  assert.ok(sent[3][0].endsWith("/apiKeys:delete"));
});

/** The words that curl is given. */
function run(command) {
  const output = execFileSync("sh", ["-c", `curl() { printf '%s\\0' "$@"; }\n${command}`], {
    env: { ...process.env, FIREWORKS_API_KEY: "fw_of_the_shell" },
  });
  return output.toString().split("\0").slice(0, -1);
}

test("whose key it is: by the list's user, the e-mail, a service account's address, or not at all", () => {
  const users = usersByEmail([
    { name: "accounts/acme/users/ada", email: "Ada@acme.example" },
    { name: "accounts/acme/users/one", email: "both@acme.example" },
    { name: "accounts/acme/users/two", email: "both@acme.example" },
    { name: "accounts/acme/users/none" },
  ]);
  const owner = (email, more) => ownerOf({ email }, { userId: "-", accountId: "acme", users, ...more });
  assert.deepEqual(owner("left@acme.example", { userId: "ada" }), { id: "ada" });
  assert.deepEqual(owner("ada@acme.example"), { id: "ada" });
  const left = owner("left@acme.example");
  assert.ok(left.gone && left.id === undefined && /has left/.test(left.why));
  assert.ok(owner("ci-bot@other.sa.fireworks.ai").gone);
  const bot = owner("ci-bot@acme.sa.fireworks.ai");
  assert.ok(bot.id === "ci-bot" && !bot.gone, "no list without service accounts tells that one is gone");
  const withBots = usersByEmail([
    { name: "x/users/b", email: "b@acme.sa.fireworks.ai", serviceAccount: true },
  ]);
  assert.ok(owner("ci-bot@acme.sa.fireworks.ai", { users: withBots }).gone);
  const some = usersByEmail([], { isComplete: false });
  assert.ok(
    !owner("left@acme.example", { users: some }).gone,
    "a part of a list tells of nobody that they are gone",
  );
  assert.match(owner("both@acme.example").why, /share/);
  assert.match(owner(undefined).why, /does not say/);
  assert.match(owner("ada@acme.example", { users: undefined }).why, /could not be read/);
});

const RECORDS = [
  { keyId: "1", displayName: "beta", expireTime: "2027-01-01T00:00:00Z", annotations: { team: "infra" } },
  { keyId: "2", displayName: "Alpha", lastUsed: "2026-11-01T00:00:00Z", prefix: "fw_abcd" },
  { keyId: "3", displayName: "gamma", expireTime: "2026-11-30T00:00:00Z", lastUsed: "2026-11-20T00:00:00Z" },
  { keyId: "4", displayName: "", expireTime: "2026-11-01T00:00:00Z" },
].map((key) => recordOf(key, key.expireTime ? [] : [{ type: "never-expires" }], { id: "ada" }));

const ids = (records) => records.map(({ id }) => id).join("");

test("keys are sorted by every column, what is absent at its end", () => {
  assert.equal(ids(sorted(RECORDS, { by: "name" })), "4213");
  assert.equal(ids(sorted(RECORDS, { by: "expires" })), "4312");
  assert.equal(ids(sorted(RECORDS, { by: "expires", descending: true })), "2134");
  assert.equal(ids(sorted(RECORDS, { by: "used" })), "1423");
  assert.equal(ids(sorted(RECORDS, { by: "owner" })), "1234", "those that are equal stay as they were");
});

test("keys are filtered by words and by finding", () => {
  assert.equal(ids(filtered(RECORDS, { text: "alp" })), "2");
  assert.equal(ids(filtered(RECORDS, { text: "INFRA be" })), "1");
  assert.equal(ids(filtered(RECORDS, { text: "fw_ab" })), "2");
  assert.equal(ids(filtered(RECORDS, { text: "ada" })), "1234");
  assert.equal(ids(filtered(RECORDS, { findings: ["never-expires"] })), "2");
  assert.equal(ids(filtered(RECORDS, { text: "beta", findings: ["never-expires"] })), "");
  assert.deepEqual(tally(RECORDS), [["never-expires", 1]]);
});

test("of many rows those in view are there, and a few beyond", () => {
  const view = (top, count = 10_000) => inView({ top, height: 480, rowHeight: 48, count });
  assert.deepEqual(view(0), { first: 0, last: 14 });
  assert.deepEqual(view(4_800), { first: 96, last: 114 });
  assert.deepEqual(view(10_000 * 48), { first: 9_996, last: 10_000 });
  assert.deepEqual(view(480_000, 3), { first: 3, last: 3 });
  assert.deepEqual(inView({ top: 0, height: 0, rowHeight: 48, count: 9 }), { first: 0, last: 0 });
  const size = { count: 100, columns: 6, page: 10 };
  assert.deepEqual(moved({ row: 0, column: 2 }, "ArrowUp", size), { row: 0, column: 2 });
  assert.deepEqual(moved({ row: 95, column: 2 }, "PageDown", size), { row: 99, column: 2 });
  assert.deepEqual(moved({ row: 5, column: 5 }, "ArrowRight", size), { row: 5, column: 5 });
  assert.deepEqual(moved({ row: 5, column: 5 }, "Home", { ...size, ctrl: true }), { row: 0, column: 5 });
  assert.equal(moved({ row: 5, column: 5 }, "a", size), undefined);
});

test("the timeline's scale keeps the order of moments, and shows both next week and next year", () => {
  const records = [{ created: NOW - 400 * DAY, expires: NOW + 7 * DAY }, { created: NOW - DAY }, {}];
  const { at, today, marks } = scaleOf(records, { now: NOW, left: 0, right: 900 });
  const moments = [-400, -30, -1, 0, 1, 7, 30, 365].map((days) => at(NOW + days * DAY));
  assert.deepEqual(
    moments,
    moments.toSorted((one, other) => one - other),
  );
  assert.ok(moments[0] >= 0 && moments.at(-1) <= 900);
  assert.equal(at(NOW), today);
  assert.ok(at(NOW + 7 * DAY) - today > 100 && at(NOW + 365 * DAY) - at(NOW + 7 * DAY) > 100);
  assert.deepEqual(spaced([{ x: 0 }, { x: 10 }, { x: 90 }], 50), [{ x: 0 }, { x: 90 }]);
  assert.ok(
    marks.some(({ label }) => label === "1 week") && marks.some(({ label }) => label === "1 year ago"),
  );
});

test("the timeline begins with what never ends and what ends next, and says the same in words", () => {
  assert.deepEqual(
    RECORDS.map((record) => stateOf(record, NOW)),
    ["later", "never", "soon", "expired"],
  );
  assert.equal(ids(lanes(RECORDS, NOW)), "2314");
  assert.deepEqual(
    described(RECORDS, NOW).map(({ label, count, names }) => `${label} ${count}: ${names}`),
    [
      "Never expire 1: Alpha",
      "End within 14 days 1: gamma in 4 days",
      "End later 1: beta in 5 weeks",
      "Have ended 1: (no name) 3 weeks ago",
    ],
  );
  const many = Array.from({ length: 10 }, (_, index) => ({ name: `k${index}` }));
  assert.match(described(many, NOW)[0].names, /k7 and 2 more$/);
});

test("errors are told in words", () => {
  const of = (error, network) =>
    explain({ message: "createApiKey: x", operation: "createApiKey", ...error }, network);
  assert.match(of({ status: 401, body: { code: 16 } }).title, /token is not accepted/);
  assert.match(of({ status: 403, body: { code: 7 } }).title, /may not/);
  assert.match(
    of({ code: "RESOURCE_EXHAUSTED", status: 429, retryAfterMs: 30_000 }).text,
    /Try again in 30\.0 s/,
  );
  assert.match(of({ code: "UNAVAILABLE", status: 503 }).title, /has failed/);
  assert.match(of({ code: "CONNECTION" }, { online: false }).title, /offline/);
  assert.match(of({ code: "CONNECTION" }, { blocked: true }).text, /Content-Security-Policy/);
  assert.match(of({ code: "CONNECTION" }).text, /CORS.*cargo xtask demo --proxy has one, \/fireworks/);
  assert.doesNotMatch(of({ code: "CONNECTION" }, { near: true }).text, /CORS/);
  assert.doesNotMatch(of({ code: "CONNECTION" }, { online: false }).text, /sent/);
  assert.match(
    of({ code: "VALIDATION", path: "accountId", message: "createApiKey: accountId must be a bare id" }).text,
    /^It must be a bare id\.$/,
  );
  assert.match(of({ code: "ROTATION", reason: "unfinished", liveKeyIds: [] }).title, /unfinished/);
  assert.match(
    of({ code: "ROTATION", reason: "failed", stage: "persist", liveKeyIds: ["a", "b"] }).text,
    /a, b/,
  );
  assert.equal(of({ name: "AbortError" }).title, "Stopped");
  assert.match(explain("a string").text, /a string/);
  assert.match(
    explainEvent({ type: "retry", attempt: 1, delayMs: 500, reason: "status", status: 503 }).text,
    /answered 503\. Attempt 2 in 500 ms/,
  );
});

test("a refusal is known where the API itself refused the only attempt", () => {
  const refused = { code: "PERMISSION_DENIED", status: 403, attempts: 1, body: { code: 7 } };
  assert.ok(isRefusal(refused) && isRefusal({ code: "VALIDATION", attempts: 0 }));
  const unclear = [404, 409, 429, 503].map((status) => ({ status }));
  for (const more of [{ attempts: 2 }, { body: "<html>" }, { body: undefined }, ...unclear])
    assert.ok(!isRefusal({ ...refused, ...more }), JSON.stringify(more));
  assert.ok(!isRefusal({ code: "CONNECTION", attempts: 1 }) && !isRefusal(undefined));
});

test("a name is shown with what hides in it, and none is blank", () => {
  for (const [text, name] of [
    ["deploy", "deploy"],
    ["evil\u202Egpj", "evil[U+202E]gpj"],
    ["a\u2066b\u2069", "a[U+2066]b[U+2069]"],
    ["a\u0000\nb", "a[U+0000][U+000A]b"],
    ["", "(no name)"],
    [undefined, "(no name)"],
    [" \u00A0\u3000", "(no name)"],
    ["\u3164", "(no name) [U+3164]"],
    ["\u{E0041}", "(no name) [U+E0041]"],
    ["👩‍💻 ❤️ 7️⃣ 🇩🇪", "👩‍💻 ❤️ 7️⃣ 🇩🇪"],
    ["a\u200Db", "a[U+200D]b"],
    ["می‌خواهم", "\u2068می‌خواهم\u2069"],
    [5, "5"],
  ]) {
    assert.equal(nameOf(text), name);
  }
  assert.equal(plain(shown("שלום")), "שלום");
  const json = readableJson({ a: "x\u202E\u{E0041}" });
  assert.ok(!/[\u202E\u{E0041}]/u.test(json));
  assert.deepEqual(JSON.parse(json), { a: "x\u202E\u{E0041}" });
});

test("by how much this machine's clock is off is known from answers, and small differences are none", () => {
  const machine = () => NOW;
  const after = (change) => {
    const clock = new Clock(machine);
    change(clock);
    return clock;
  };
  assert.equal(after(() => {}).off, 0);
  assert.equal(after((clock) => clock.heard(NOW + 20_000, NOW - 500, NOW)).off, 0);
  const behind = after((clock) => clock.heard(NOW + 3 * DAY, NOW - 1_000, NOW));
  assert.ok(Math.abs(behind.now() - NOW - 3 * DAY) <= 1_000);
  assert.equal(behind.words, "This machine’s clock is 3 days behind the service’s.");
  assert.match(
    after((clock) => clock.heard(NOW - DAY, NOW - 1_000, NOW)).words,
    /24 hours ahead of|1 day ahead/,
  );
  assert.match(after((clock) => clock.isPast([NOW - DAY, NOW + 2 * 3_600_000])).words, /2 hours behind/);
  assert.equal(
    after((clock) => clock.isPast([NOW + 5_000, NOW + 900 * DAY])).off,
    0,
    "no clock is that wrong",
  );
  assert.equal(after((clock) => clock.heard(undefined, NOW, NOW)).off, 0);
  assert.equal(behind.forget() ?? behind.off, 0);
});

test("a fragment tells the view, the filter and the order, and never a key", () => {
  const order = { by: "name", descending: true };
  const ends = { from: 1, to: 2 };
  const filter = { text: "a & b", findings: ["stale", "expired"], owner: "ada@acme.example", ends };
  for (const byOwner of [true, false]) {
    const view = { view: "keys", filter, order, byOwner };
    assert.deepEqual(readFragment(fragmentOf(view)), view);
  }
  const secret = fragmentOf({ view: "keys", filter: { text: "x fw_abcdefghij", findings: [] }, order });
  assert.ok(secret.includes("fw_abcd") && !secret.includes("fw_abcde"));
  assert.equal(readFragment("#keys?q=fw_abcdefghij").filter.text, "fw_abcd");
  assert.equal(readFragment("#nothing?sort=evil&ends=x").view, undefined);
  assert.deepEqual(readFragment("#keys?sort=evil-desc").order, { by: "created", descending: true });
});

test("the switches become orders, and what takes an answer away comes first", () => {
  const orders = ordersFor({ slow: "all", drop: "next", fail: "half" }, 7);
  assert.deepEqual(
    orders.map(({ fault, times, share, seed }) => [fault.kind, times ?? share, seed]),
    [
      ["drop", 1, undefined],
      ["answer", 0.5, 7],
      ["delay", 1, undefined],
    ],
  );
  assert.deepEqual(orders.map(howOften), ["next", "half", "all"]);
  assert.deepEqual(ordersFor({ drop: false }, 7), []);
});
