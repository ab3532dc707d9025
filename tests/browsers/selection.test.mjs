// What cleaning up decides without a browser: what is ticked, who follows whom, what is planned and exported.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../www/clock.js";
import { csvOf, jsonOf } from "../../www/export.js";
import { underPredecessors, withLineage } from "../../www/lineage.js";
import { byOwner } from "../../www/owners.js";
import { planOf } from "../../www/plan.js";
import { recordOf } from "../../www/records.js";
import { Selection } from "../../www/selection.js";
import { DAY } from "../../www/time.js";

const NOW = Date.parse("2026-11-25T12:00:00Z");

const record = (keyId, more = {}, findings = [], owner = { id: "ada" }) =>
  recordOf({ keyId, displayName: keyId, email: "ada@acme.example", ...more }, findings, owner);

test("a range is ticked, or unticked, as its last key is; what is hidden stays ticked", () => {
  const shown = ["a", "b", "c", "d", "e"];
  const selection = new Selection();
  selection.set("d", true, { shown });
  selection.set("b", true, { range: true, shown });
  assert.deepEqual(selection.ids, ["d", "b", "c"]);
  selection.set("c", false, { range: true, shown });
  assert.deepEqual(selection.ids, ["d"]);
  selection.set("e", true, { range: true, shown: ["e"] });
  assert.deepEqual(selection.ids, ["d", "e"], "the key that the range began with is out of sight");
  selection.keep(new Set(["e"]));
  assert.deepEqual(selection.ids, ["e"]);
  selection.clear();
  assert.equal(selection.size, 0);
});

const rotates = (predecessor, more = {}) => ({
  annotations: { "fireworks-keys-rotates": predecessor, ...more },
});

test("successors stand under their predecessors, in any order, and circles are shown whole", () => {
  const of = (...records) =>
    underPredecessors(withLineage(records))
      .map(({ id }) => id)
      .join(" ");
  assert.equal(of(record("c", rotates("b")), record("x"), record("b", rotates("a")), record("a")), "x a b c");
  assert.equal(of(record("a", rotates("b")), record("b", rotates("a"))), "a b");
  assert.equal(of(record("a", rotates("a"))), "a");
  assert.equal(of(record("b", rotates("gone")), record("a")), "b a");
  const stranger = record("s", { ...rotates("a"), email: "eve@acme.example" }, [], { id: "eve" });
  assert.equal(of(stranger, record("a")), "s a", "another user's key is no successor");
});

test("a key stands below only where its predecessor is seen above it", () => {
  const chain = withLineage([
    record("a"),
    record("b", rotates("a")),
    record("c", rotates("b")),
    record("d", rotates("e")),
    record("e", rotates("d")),
  ]);
  const below = (records) =>
    underPredecessors(records)
      .filter(({ isBelow }) => isBelow)
      .map(({ id }) => id)
      .join(" ");
  assert.equal(below(chain), "b c e");
  assert.equal(below(chain.filter(({ id }) => id !== "b")), "e");
});

test("an unfinished rotation counts among the worst of a key's findings, and words find it", () => {
  const revokes = { "fireworks-keys-revokes": "a" };
  const [, { findings, words }] = withLineage([
    record("a"),
    record("b", rotates("a", revokes), [{ type: "never-expires" }, { type: "never-used" }]),
  ]);
  assert.deepEqual(findings, ["unfinished-rotation", "never-expires", "never-used"]);
  assert.match(words, /unfinished rotation/);
});

test("a rotation is unfinished if keys that it was to revoke are there, or there are two successors", () => {
  const unfinished = (...records) =>
    withLineage(records)
      .filter(({ findings }) => findings.includes("unfinished-rotation"))
      .map(({ id }) => id)
      .join(" ");
  assert.equal(unfinished(record("a"), record("b", rotates("a"))), "", "the old one may stay");
  const revokes = { "fireworks-keys-revokes": "a z" };
  assert.equal(unfinished(record("a"), record("b", rotates("a", revokes))), "b");
  assert.equal(unfinished(record("a"), record("b", rotates("a")), record("c", rotates("a"))), "b c");
});

test("a plan names those in use first and leaves them out, as those whose owner is not known", () => {
  const records = [
    record("plain", { prefix: "fw_a" }),
    record("own", { prefix: "fw_mine" }),
    record("used", { lastUsed: new Date(NOW - DAY / 2).toISOString() }),
    record("unused", { lastUsed: new Date(NOW - 2 * DAY).toISOString() }),
    record("gone", {}, [], { why: "left" }),
  ];
  const service = { isOwn: (prefix) => prefix === "fw_mine" };
  const ids = ["plain", "own", "used", "unused", "gone", "deleted"];
  const clock = new Clock(() => NOW);
  const plan = () => planOf(ids, records, { clock, shown: new Set(["plain"]), service });
  const ticked = () =>
    plan()
      .keys.map(({ record, isTicked }) => isTicked && record.id)
      .filter(Boolean);
  assert.deepEqual(ticked(), ["plain"], "this machine's clock alone tells of no key that it is unused");
  clock.heard(NOW, NOW, NOW);
  const { keys, missing, hidden } = plan();
  assert.deepEqual(
    keys.map(({ record, isTicked }) => [record.id, isTicked]),
    [
      ["used", false],
      ["own", false],
      ["plain", true],
      ["unused", true],
      ["gone", false],
    ],
  );
  assert.deepEqual([missing, hidden], [["deleted"], 4]);
});

test("owners are told with the worst finding first, and their last use", () => {
  const lines = byOwner([
    record("a", { lastUsed: "2026-11-01T00:00:00Z" }, [{ type: "never-used" }]),
    record("b", { lastUsed: "2026-11-20T00:00:00Z" }, [{ type: "never-expires" }]),
    record("c", { email: "eve@acme.example" }, [{ type: "expired" }]),
  ]);
  assert.deepEqual(
    lines.map(({ name, keys, worst }) => [name, keys, worst]),
    [
      ["ada@acme.example", 2, "never-expires"],
      ["eve@acme.example", 1, "expired"],
    ],
  );
  assert.equal(lines[0].used, Date.parse("2026-11-20T00:00:00Z"));
});

test("no cell of a CSV is a formula, every text keeps to its cell, and no secret is written", () => {
  const texts = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", " =1", "＝1", 'say "hi"', "a,b", "a;b", "it's"];
  const exported = texts.map((displayName, index) =>
    record(String(index), { displayName, key: "fw_secret" }),
  );
  const csv = [...csvOf(exported)].join("");
  const names = csv
    .split("\r\n")
    .slice(1, -1)
    .map((line) => /^("(?:[^"]|"")*"|[^,]*),/.exec(line)[1]);
  assert.deepEqual(names.slice(0, 4), [`"'=1+1"`, `"'+1"`, `"'-1"`, `"'@SUM(1)"`]);
  for (const name of names.slice(0, 7)) assert.doesNotMatch(name.replaceAll('"', ""), /^\s*[=+\-@＝]/);
  assert.equal(names[7], '"say ""hi"""');
  const json = [...jsonOf(exported)].join("");
  assert.deepEqual(
    JSON.parse(json).map(({ name }) => name),
    texts,
  );
  assert.equal(json, `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`);
  assert.equal([...jsonOf([])].join(""), "[]\n");
  for (const text of [csv, json]) assert.ok(!text.includes("fw_secret"));
});
