// What every ledger has to do, as tests: `contract` runs them against the ledgers that `start` makes. Each
// goes by a clock that the test sets.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { memoryLedger } from "fireworks-keys/broker";
import { claim, mintOf, stepOf, WHAT_HAPPENS } from "./ledger-steps.mjs";
import { Random } from "./simulation/random.mjs";

/** Limits so high that no test reaches them. */
const PLENTY = { mints: 100, windowMs: 600_000, live: 100, requests: 1_000 };

/** Limits that a test reaches. */
const FEW = { mints: 3, windowMs: 180_000, live: 2, requests: 90 };

const realNow = Date.now;

/**
 * Runs the tests. `start` resolves to a `ledger`, to `setTime`, which sets its clock to a time in
 * milliseconds since 1970, and to `stop`.
 */
export function contract(kind, start, { steps }) {
  describe(kind, () => {
    let started;
    let ledger;
    let now;
    let member;
    let count = 0;

    const setTime = async (ms) => {
      now = ms;
      Date.now = () => now;
      await started.setTime(ms);
    };
    const pass = (ms) => setTime(now + ms);
    const reserve = (tag, limits = PLENTY, change = {}) =>
      ledger.reserve(member, mintOf(tag, change), limits);
    const minted = async (tag, limits) => {
      const { endsAt } = await reserve(tag, limits);
      assert.ok(await ledger.settle(member, tag, `key of ${tag}`, 2));
      return endsAt;
    };
    const standing = async (...claims) => ledger.standings(member, claims);

    before(async () => {
      started = await start();
      ({ ledger } = started);
    });
    after(async () => {
      Date.now = realNow;
      await started?.stop();
    });
    beforeEach(async () => {
      member = `member-${(count += 1)}`;
      // Not a whole second.
      await setTime(Math.floor(realNow() / 1_000) * 1_000 + 250);
    });

    test("a mint's key ends after its lifetime, by the service's clock, at a whole second", async () => {
      const end = (now - 250) / 1_000;
      for (const [change, seconds] of [
        [{}, 300],
        [{ lifetimeMs: 60_750 }, 61],
        [{ lifetimeMs: 60_749.5 }, 60],
        [{ lifetimeMs: 1 }, 2],
        [{ aheadMs: 3_600_000 }, 3_900],
        [{ aheadMs: -86_400_251 }, -86_101],
      ]) {
        const answer = await reserve(`tag ${JSON.stringify(change)}`, PLENTY, change);
        assert.deepEqual(answer, { endsAt: (end + seconds) * 1_000 });
      }
    });

    test("a mint that is noted again counts once, and its end moves while it is open", async () => {
      const limits = { ...PLENTY, mints: 1, live: 1, requests: 2 };
      const { endsAt } = await reserve("a", limits);
      await pass(5_000);
      assert.deepEqual(await reserve("a", limits), { endsAt });
      assert.deepEqual(await reserve("a", limits, { aheadMs: 60_000 }), { endsAt: endsAt + 60_000 });
      assert.deepEqual(await standing(claim("k", "a", endsAt + 60_000)), ["pending"]);
      assert.ok(await ledger.settle(member, "a", "k", 2));
      assert.deepEqual(await reserve("a", limits), { endsAt: endsAt + 60_000 }, "it is no longer open");
    });

    test("a member mints so many keys within a window, and no more", async () => {
      const limits = { ...FEW, live: 9 };
      for (const tag of ["a", "b", "c"]) {
        await minted(tag, limits);
        await pass(1_000);
      }
      assert.deepEqual(await reserve("d", limits), { limit: "mints", retryAfterMs: 177_000 });
      await ledger.revoke(member, "key of a");
      assert.deepEqual(await reserve("d", limits), { limit: "mints", retryAfterMs: 177_000 });
      await pass(176_999);
      assert.deepEqual(await reserve("d", limits), { limit: "mints", retryAfterMs: 1 });
      await pass(1);
      assert.ok((await reserve("d", limits)).endsAt);
      assert.equal((await reserve("e", limits)).limit, "mints");
      member += " and another";
      assert.ok((await reserve("e", limits)).endsAt);
    });

    test("a member has so many live keys, and no more", async () => {
      const limits = { ...FEW, mints: 9 };
      const endsAt = await minted("a", limits);
      await pass(10_000);
      await reserve("b", limits);
      assert.deepEqual(await reserve("c", limits), { limit: "live", retryAfterMs: endsAt - now });
      await ledger.revoke(member, "key of a");
      await minted("c", limits);
      assert.equal((await reserve("d", limits)).limit, "live", "one is open, and one is live");
      await setTime(endsAt);
      assert.equal((await reserve("d", limits)).limit, "live", "both end later");
      await pass(10_000);
      assert.ok((await reserve("d", limits)).endsAt);
    });

    test("a mint whose answer may come after its key would have ended counts until then", async () => {
      const limits = { ...FEW, live: 1 };
      await reserve("a", limits, { lifetimeMs: 10_000 });
      assert.deepEqual(await reserve("b", limits), { limit: "live", retryAfterMs: 70_000 });
    });

    test("after its clock was set back, what was noted by it no longer counts", async () => {
      const limits = { ...FEW, mints: 2, live: 2, requests: 12 };
      const right = now;
      await setTime(right + 86_400_000);
      await minted("a", limits);
      await reserve("open", limits);
      await ledger.draw(member, "deletion 1", 8, limits);
      for (let count = 0; count < 100; count += 1) await ledger.release(member, `void ${count}`, false, 0);
      await setTime(right + 86_340_000);
      assert.equal((await reserve("b", limits)).limit, "mints", "a minute is no step");
      await setTime(right);
      assert.equal(await ledger.draw(member, "deletion 2", 8, limits), null);
      const { endsAt } = await reserve("b", limits);
      assert.equal(endsAt, Math.floor((right + 300_000) / 1_000) * 1_000);
      assert.ok(await ledger.settle(member, "b", "key of b", 2));
      const claims = [claim("key of a"), claim("key of b"), claim("k", "open", endsAt)];
      assert.deepEqual(await standing(...claims), ["live", "live", "lost"], "what is known stays known");
      await reserve("c", limits);
      assert.equal((await reserve("d", limits)).limit, "mints", "and what is new counts");
    });

    test("requests draw on a bucket that refills evenly", async () => {
      // One in 2 048 ms: with powers of two, no rounding shows.
      const limits = { ...FEW, windowMs: 131_072, requests: 64 };
      const drawn = (tag, requests) => ledger.draw(member, tag, requests, limits);
      const refused = (retryAfterMs) => ({ limit: "requests", retryAfterMs });
      assert.equal(await drawn("deletion 1", 54), null);
      assert.equal(await drawn("deletion 1", 54), null, "it was drawn already");
      assert.equal(await drawn("deletion 1", 44), null);
      assert.deepEqual(await drawn("deletion 1", 65), refused(2_048));
      assert.deepEqual(await reserve("a", limits, { requests: 15 }), refused(10_240));
      await pass(10_239);
      assert.deepEqual(await drawn("deletion 2", 15), refused(1));
      await pass(1);
      assert.equal(await drawn("deletion 2", 15), null);
      assert.deepEqual(await drawn("deletion 3", 1), refused(2_048));
    });

    test("what a mint drew and did not send goes back", async () => {
      const limits = { ...FEW, live: 9, requests: 10 };
      const full = async () => (await ledger.draw(member, "deletion", 99, limits)).retryAfterMs / 18_000;
      await reserve("a", limits, { requests: 4 });
      assert.equal(await full(), 93);
      assert.ok(await ledger.settle(member, "a", "k", 1));
      assert.equal(await full(), 90);
      assert.ok(await ledger.settle(member, "a", "k", 1));
      await ledger.draw(member, "a", 3, limits);
      assert.equal(await full(), 92);
      await reserve("b", limits, { requests: 5 });
      await ledger.release(member, "b", false, 0);
      await ledger.release(member, "b", false, 0);
      assert.equal(await full(), 92);
    });

    test("a mint is settled with one key, in time", async () => {
      await reserve("a");
      await pass(69_999);
      assert.equal(await ledger.settle(member, "a", "k", 2), true);
      assert.equal(await ledger.settle(member, "a", "k", 2), true);
      assert.equal(await ledger.settle(member, "a", "another", 2), false);
      assert.equal(await ledger.settle(member, "unknown", "k2", 2), false);
      await reserve("b");
      await pass(70_000);
      assert.equal(await ledger.settle(member, "b", "k3", 2), false, "reconcile may have deleted it");
      await reserve("c");
      await ledger.release(member, "c", true, 2);
      assert.equal(await ledger.settle(member, "c", "k4", 2), false);
      await ledger.revoke(member, "k");
      assert.equal(await ledger.settle(member, "a", "k", 2), false, "it is revoked");
      const claims = ["k", "another", "k2", "k3", "k4"].map((keyId) => claim(keyId));
      assert.deepEqual(await standing(...claims), ["revoked", ...Array(4).fill("unknown")]);
    });

    test("an open mint is remembered until no answer can come, and a live key until it ends", async () => {
      const limits = { ...PLENTY, windowMs: 1_000 };
      await reserve("a", limits, { lifetimeMs: 2_000 });
      const { endsAt } = await reserve("b", limits);
      await pass(69_999);
      assert.ok(await ledger.settle(member, "a", "k", 2));
      assert.ok(await ledger.settle(member, "b", "k2", 2));
      await setTime(endsAt - 1);
      assert.deepEqual(await standing(claim("k2")), ["live"]);
    });

    test("a mint that made no key does not count, even if it is released before it is noted", async () => {
      const limits = { ...FEW, mints: 1, live: 1 };
      await reserve("a", limits);
      await ledger.release(member, "a", false, 0);
      await ledger.release(member, "b", false, 0);
      assert.ok((await reserve("b", limits)).endsAt);
      assert.equal(await ledger.settle(member, "b", "k", 1), false);
      assert.ok((await reserve("c", limits)).endsAt);
      assert.equal((await reserve("d", limits)).limit, "mints");
    });

    test("mints that are never sent are bounded, too: each leaves a row", async () => {
      const void_ = async (tag) => {
        assert.ok((await reserve(tag)).endsAt, tag);
        await ledger.release(member, tag, false, 0);
      };
      await void_("first");
      await pass(1_000);
      for (let index = 1; index < 100; index += 1) await void_(`t${index}`);
      assert.deepEqual(await reserve("f"), { limit: "requests", retryAfterMs: 599_000 });
      assert.ok((await reserve("t7")).endsAt, "it is noted already");
      await pass(599_000);
      assert.ok((await reserve("f")).endsAt);
    });

    test("a mint whose key was deleted counts as a mint, and not as a live key", async () => {
      const limits = { ...FEW, mints: 2, live: 1 };
      await reserve("a", limits);
      await ledger.release(member, "a", true, 2);
      await minted("b", limits);
      await ledger.release(member, "b", false, 2);
      assert.deepEqual(await standing(claim("key of b")), ["live"], "it has made one");
      await ledger.release(member, "b", true, 2);
      assert.deepEqual(await standing(claim("key of b")), ["revoked"]);
      assert.equal((await reserve("c", limits)).limit, "mints");
      await ledger.release(member, "unknown", true, 2);
    });

    test("a key is revoked for its member alone, and again", async () => {
      await minted("a");
      const own = member;
      member += " and another";
      await ledger.revoke(member, "key of a");
      assert.deepEqual(await standing(claim("key of a")), ["unknown"]);
      member = own;
      assert.deepEqual(await standing(claim("key of a")), ["live"]);
      await ledger.revoke(member, "key of b");
      await ledger.revoke(member, "key of a");
      await ledger.revoke(member, "key of a");
      assert.deepEqual(await standing(claim("key of a")), ["revoked"]);
    });

    test("a key is known by its id; by its tag only while the mint is open, if it ends in time", async () => {
      const { endsAt } = await reserve("open");
      const live = await minted("live");
      await reserve("released");
      await ledger.release(member, "released", true, 2);
      await ledger.draw(member, "deletion", 1, PLENTY);
      const expected = [
        [claim("key of live"), "live"],
        [claim("key of live", "open", null), "live"],
        [claim("k", "live", live), "unknown"],
        [claim("k", "open", endsAt), "pending"],
        [claim("k", "open", 0), "pending"],
        [claim("k", "open", endsAt + 1_000), "pending"],
        [claim("k", "open", endsAt + 1_001), "unknown"],
        [claim("k", "open"), "unknown"],
        [claim("k", "released", endsAt), "unknown"],
        [claim("k", "deletion", 0), "unknown"],
        [claim("k", "no such tag", endsAt), "unknown"],
        [claim("k", null, endsAt), "unknown"],
        [claim("open", "key of live", endsAt), "unknown"],
      ];
      const ask = () => standing(...expected.map(([claim]) => claim));
      assert.deepEqual(
        await ask(),
        expected.map(([, standing]) => standing),
      );
      await pass(70_000);
      const later = expected.map(([, standing]) => (standing === "pending" ? "lost" : standing));
      assert.deepEqual(await ask(), later);
      assert.deepEqual(await standing(), []);
    });

    test("ids and tags may be any text", async () => {
      const texts = [
        "",
        " ",
        "bucket",
        "tag bucket",
        "a b\n c",
        "\r\n$3\r\nfoo",
        "0",
        "1e5",
        "null",
        '"',
        "é",
        "日本",
      ];
      const ids = [...texts, "\u0000", "\ud800", "\udfff", "__proto__", "k".repeat(5_000)];
      for (const [index, id] of ids.entries()) {
        await reserve(`t${index}`);
        assert.ok(await ledger.settle(member, `t${index}`, id, 2));
      }
      assert.deepEqual(
        await standing(...ids.map((id) => claim(id))),
        ids.map(() => "live"),
      );
      assert.deepEqual(await standing(claim("\ud801"), claim("\ufffd")), ["unknown", "unknown"]);
      const tags = [...texts.slice(1), "__proto__", "constructor"];
      for (const tag of tags) await reserve(tag);
      const claims = tags.map((tag) => claim("none", tag, 0));
      assert.deepEqual(
        await standing(...claims),
        tags.map(() => "pending"),
      );
    });

    test("of calls at the same time no more get through than the limits let", async () => {
      const tags = Array.from({ length: 40 }, (_, index) => `t${index % 20}`);
      const noted = async (limits) => {
        member += " once more";
        const answers = await Promise.all(tags.map((tag) => reserve(tag, limits)));
        return new Set(tags.filter((_, index) => answers[index].endsAt)).size;
      };
      assert.equal(await noted({ ...PLENTY, mints: 7 }), 7);
      assert.equal(await noted({ ...PLENTY, live: 5 }), 5);
      assert.equal(await noted({ ...PLENTY, requests: 9 }), 4);
    });

    test(`in ${steps} steps of chance it answers as the ledger in memory does`, async (context) => {
      const seed = Number(process.env.SEED ?? 1);
      const random = new Random(seed);
      const model = memoryLedger();
      const happened = {};
      const tags = [];
      for (let step = 0; step < steps; step += 1) {
        if (random.chance(0.2)) await pass(random.of([1, 250, 1_000, 20_000, 61_000, 70_000]));
        const [call, ...args] = stepOf(random, tags, now);
        const expected = await model[call](member, ...args);
        const answer = await ledger[call](member, ...args);
        assert.deepEqual(
          answer ?? null,
          expected ?? null,
          `SEED=${seed}, ${step}: ${call} ${JSON.stringify(args)}`,
        );
        if (call === "reserve" && answer.endsAt)
          tags.find(({ tag }) => tag === args[0].attemptTag).endsAt = answer.endsAt;
        const outcomes =
          call === "standings" ? answer : [answer?.limit ?? (answer === false ? "late" : "done")];
        for (const outcome of outcomes)
          happened[`${call} ${outcome}`] = (happened[`${call} ${outcome}`] ?? 0) + 1;
      }
      context.diagnostic(JSON.stringify(happened));
      for (const what of WHAT_HAPPENS) assert.ok(happened[what] > 0, `SEED=${seed}: ${what} never happened`);
    });
  });
}
