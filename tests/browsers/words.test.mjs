// What the page says of errors and of a key's fate where less is known than one would think.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../www/clock.js";
import { answers, explain, explainEvent } from "../../www/explain.js";
import { Fate } from "../../www/fate.js";
import { clockTime } from "../../www/time.js";

const NOW = Date.parse("2026-11-25T12:00:00Z");

const of = (error) => explain({ message: "createApiKey: x", operation: "createApiKey", ...error });

test("what a gateway answers is not told as the service's word", () => {
  for (const body of [undefined, "<p>no</p>", { timestamp: 1, status: 403, error: "no" }])
    for (const status of [401, 403, 404, 429]) {
      const { title, text } = of({ status, body });
      assert.match(title, /not in the API/, `${status} ${JSON.stringify(body)}`);
      assert.doesNotMatch(text, /The service|Its user/);
      assert.ok(!answers({ status, body }, status));
    }
  for (const body of [{ code: 5, message: "no" }, { error: "no" }, { fault: { faultstring: "no" } }])
    assert.match(of({ status: 401, body }).title, /token is not accepted/);
  assert.doesNotMatch(of({ status: 502 }).text, /fault/);
  assert.match(of({ status: 0 }).title, /leads elsewhere/);
  assert.doesNotMatch(of({ status: 0 }).text, /refused/);
});

test("neither who was slow nor who stopped is claimed, and a path hides no character", () => {
  assert.equal(of({ code: "TIMEOUT" }).title, "No answer in time");
  assert.doesNotMatch(of({ name: "AbortError" }).text, /You/);
  const { title, text } = of({
    code: "VALIDATION",
    path: "annotations.a\u202E",
    message: "createApiKey: annotations.a\u202E must be short",
  });
  assert.equal(title, "annotations.a[U+202E] cannot be used");
  assert.equal(text, "It must be short.");
});

const TAG = "0123";

/** The fate after these events and this end. */
function fateAfter(events, end) {
  const fate = new Fate(() => NOW);
  for (const event of events)
    event === "sending" ? fate.sending() : fate.event({ attemptTag: TAG, ...event });
  end?.(fate);
  return fate;
}

test("a create's fate says which of three it is: done, not done, or not known", () => {
  const line = (events, end) => fateAfter(events, end).line.text;
  const failed = (error) => (fate) => fate.failed(error);
  const made = (fate) => fate.made({ keyId: "k1" });
  const open = { type: "orphans-open", lastLookMs: 120_000 };
  const until = clockTime(NOW + 120_000);
  assert.equal(line([]), "Not sent yet.");
  assert.equal(line(["sending"]), "Sent; not known yet whether a key is made.");
  assert.equal(line([], failed({ code: "VALIDATION" })), "Nothing was sent: no key was made.");
  assert.equal(line(["sending"], failed({ orphans: "none" })), "No key was made.");
  assert.equal(line(["sending"], made), "Made, and yours: the key k1.");
  assert.equal(
    line(["sending", { type: "orphan-deleted", keyId: "k0" }, { type: "orphans-swept" }], made),
    "Made, and yours: the key k1. Made, not handed out, found and deleted: k0. " +
      "Every lost attempt is accounted for.",
  );
  assert.equal(
    line(["sending", open], failed({ orphans: "unaccounted", attemptTag: TAG })),
    `Looked, and not found: still looking until ${until}.`,
    "what the error says is not the end",
  );
  assert.match(
    line(["sending", open], failed({ name: "AbortError" })),
    /^Whether a key was made is not known: still looking until/,
  );
  assert.match(
    line(["sending", open], failed({ orphans: "unknown" })),
    /^Not known: the look has failed: still/,
  );
  assert.match(line(["sending"], failed({ orphans: "unknown" })), /^Not known: .* may be alive/);
  assert.match(
    line(["sending"], failed({ orphans: "unaccounted", keyIds: ["a"] })),
    /found and deleted: a\. There may be another/,
  );
  assert.match(line(["sending"], failed({ orphans: "unknown", liveKeyIds: ["z"] })), /nobody’s: the key z/);
});

test("a fate is open while a request or a look is under way, and offers looks that may help", async () => {
  const sent = fateAfter(["sending"]);
  assert.ok(sent.isOpen && !sent.canLook && !fateAfter([]).isOpen);
  const open = fateAfter(["sending", { type: "orphans-open", lastLookMs: 1 }], (fate) => fate.failed({}));
  assert.ok(open.isOpen && open.canLook);
  open.event({ type: "orphans-unaccounted" });
  assert.ok(!open.isOpen && open.canLook);
  let found;
  const looking = open.look(() => new Promise((resolve) => (found = resolve)));
  assert.ok(open.isOpen && open.isLooking);
  found([]);
  await looking;
  assert.ok(!open.isOpen && open.canLook, "not found is not known to be none");
  assert.match(open.line.text, /Last looked at/);
  assert.ok(!fateAfter(["sending"], (fate) => fate.failed({ orphans: "none" })).canLook);
  const failing = fateAfter(["sending"], (fate) => fate.failed({ orphans: "unknown", attemptTag: TAG }));
  await assert.rejects(failing.look(() => Promise.reject(new Error("no"))));
  assert.match(failing.line.text, /^Not known/, "a look that failed has changed nothing");
});

test("of a key that a rotation did not touch, only that is told", () => {
  for (const reason of ["failed", "not-stored", "lives-too-long", "missing", "conflict"]) {
    const { title, text } = of({ code: "ROTATION", reason, stage: "find", liveKeyIds: [], successors: [] });
    assert.doesNotMatch(text, /works/, reason);
    assert.doesNotMatch(title, /is gone|is at work/, reason);
  }
  const conflict = { code: "ROTATION", reason: "conflict", liveKeyIds: ["a"], successors: [] };
  assert.match(of({ ...conflict, orphans: "none" }).text, /new key was taken back/);
  assert.match(of({ ...conflict, orphans: "unknown" }).text, /not known to be deleted/);
});

test("another rotation's key is not called nobody's", () => {
  const fate = new Fate();
  fate.rotated = "old";
  fate.sending();
  fate.failed({ orphans: "none", liveKeyIds: ["theirs"], successors: [{ keyId: "theirs" }] });
  assert.doesNotMatch(fate.line.text, /theirs|Revoke/);
});

test("a key that was made and not handed out is not put down to a lost attempt", () => {
  const { text } = explainEvent({ type: "orphan-deleted", keyId: "k" });
  assert.ok(!text.includes("lost"));
  const fate = new Fate();
  fate.sending();
  fate.event({ type: "orphan-deleted", keyId: "k" });
  fate.event({ type: "orphans-open", lastLookMs: 1 });
  fate.failed({ name: "AbortError" });
  assert.match(fate.line.text, /^Made, not handed out, found and deleted: k\. Another may come: still/);
});

test("a rotation whose key is made does not say that it is not answered", () => {
  const fate = new Fate();
  fate.sending();
  fate.event({ type: "rotation", stage: "persist", keyId: "old", successorId: "new" });
  assert.equal(fate.line.text, "Made: the key new; not known yet whether it is stored.");
});

test("that a time has passed is known by what the service has told, not by this machine's clock", () => {
  const clock = new Clock(() => 1_000_000);
  assert.ok(!clock.hasPassed(1), "nothing is known");
  clock.isPast([500_000]);
  assert.ok(clock.hasPassed(500_000) && !clock.hasPassed(500_001) && !clock.hasPassed(undefined));
  assert.equal(clock.off, 0, "and what is behind is no difference");
  clock.heard(1_000_000, 999_000, 1_000_000);
  assert.ok(clock.hasPassed(999_999));
});
