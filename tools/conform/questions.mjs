// The questions, by the belief that each is about, in the order in which they are asked. Each resolves to
// what was found, in words that hold no value of the account's.

import { createApiKey, deleteApiKey, listApiKeys } from "fireworks-keys";
import { listQuestions } from "./lists.mjs";
import { NotAsked, refusal } from "./run.mjs";

const members = (value) =>
  Object.keys(value ?? {})
    .sort()
    .join(", ");

/** Whether a new key has what was asked for. */
const kept = (answer, wanted) => {
  if (answer.refusal) return answer.refusal;
  const isKept = Object.entries(wanted).every(([name, value]) => equal(answer[name], value));
  return isKept ? "kept" : "changed or left out";
};

/** Whether the first holds what the second does; objects may hold more. */
const equal = (one, other) =>
  typeof other === "object"
    ? Object.entries(other).every(([name, value]) => one?.[name] === value)
    : one === other;

const withAnnotations = async (run, annotations) => kept(await run.create({ annotations }), { annotations });

/** How a time was rounded. */
function rounded(found, asked) {
  if (found === undefined) return "not kept";
  const [ms, askedMs] = [Date.parse(found), Date.parse(asked)];
  const digits = /\.(\d+)/.exec(found)?.[1] ?? "";
  if (digits === "123456") return "kept to the microsecond";
  if (ms === askedMs) return "kept to the millisecond";
  if (Math.abs(ms - askedMs) < 1_000) return "rounded to the second";
  return "another time";
}

const creates = {
  async "headers.date"(run) {
    const { headers } = await run.list({ pageSize: "1" });
    if (!headers.has("date")) return "no Date";
    const seconds = Math.round(run.session.clockMs / 1_000);
    if (Math.abs(seconds) <= 5) return "within five seconds";
    return `about ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}`;
  },

  async "create.expireTime"(run) {
    const asked = run
      .inMs(8 * 60_000)
      .toISOString()
      .replace(/\.\d+Z$/, ".123456Z");
    const answer = await run.create({ expireTime: asked });
    if (answer.refusal) return answer.refusal;
    run.keys.set("main", answer);
    return rounded(answer.expireTime, asked);
  },

  async "key.works"(run) {
    const { key } = run.key("main");
    return run.soon(async () => (await run.account(key)).status === 200);
  },

  async "key.listed"(run) {
    const { keyId } = run.key("main");
    return run.soon(async () => (await run.own()).some((key) => key.keyId === keyId));
  },

  async "create.fields"(run) {
    return members(run.key("main"));
  },

  async "create.key"(run) {
    const { key } = run.key("main");
    const form = /^fw_[A-Za-z0-9]+$/.test(key) ? "fw_ and letters or digits" : "another form";
    return `${form}, ${key.length} characters`;
  },

  async "create.prefix"(run) {
    const { key, prefix } = run.key("main");
    return prefix && key.startsWith(prefix) ? "the beginning of the key" : "something else";
  },

  async "create.secure"(run) {
    return String(run.key("main").secure);
  },

  async "create.annotations"(run) {
    const { keyId, annotations } = run.key("main");
    const listed = (await run.own()).find((key) => key.keyId === keyId);
    const has = (held) => (held?.["conform-run"] === run.tag ? "kept" : "lost");
    return `${has(annotations)} in the answer, ${has(listed?.annotations)} in the list`;
  },

  async "key.lastUsed"(run) {
    const { key, keyId, lastUsed } = run.key("main");
    await run.account(key);
    const listed = (await run.own()).find((each) => each.keyId === keyId);
    const presence = (value) => (value === undefined ? "absent" : "present");
    return `${presence(lastUsed)}, then ${presence(listed?.lastUsed)}`;
  },

  "create.past": async (run) => {
    const answer = await run.post({
      displayName: run.name(),
      annotations: { "conform-run": run.tag },
      expireTime: run.inMs(-60_000).toISOString(),
    });
    return answer.status === 200 ? "accepted" : refusal(answer);
  },

  "create.no-time": async (run) => {
    const answer = await run.create({ expireTime: "soon" });
    return answer.refusal ?? "accepted";
  },

  "create.unknown-field": async (run) => {
    const answer = await run.create({ conformUnknown: "x" });
    return answer.refusal ?? "accepted";
  },

  "annotations.long": (run) => withAnnotations(run, { "conform-long": "x".repeat(98) }),
  "annotations.longer": (run) => withAnnotations(run, { "conform-long": "x".repeat(1_000) }),
  "annotations.many": (run) => {
    const names = Array.from({ length: 29 }, (_, at) => [`conform-${at}`, "x"]);
    return withAnnotations(run, Object.fromEntries(names));
  },
  "annotations.names": (run) => withAnnotations(run, { "Conform.A/b c": "x", "ключ-鍵": "ü" }),

  "displayName.long": async (run) => {
    const displayName = run.name().padEnd(200, "x");
    return kept(await run.create({ displayName }), { displayName });
  },
  "displayName.scripts": async (run) => {
    const displayName = `${run.name()} ключ 鍵 مفتاح 🔑`;
    return kept(await run.create({ displayName }), { displayName });
  },

  async "package.works"(run) {
    const { target, session, tag } = run;
    const connection = {
      ...{ token: target.token, accountId: target.accountId, userId: target.userId },
      ...{ baseUrl: target.baseUrl, fetch: session.fetch, maxRetries: 0 },
      ...{ timeoutMs: 600_000, totalTimeoutMs: 900_000 },
    };
    const options = { displayName: run.name(), annotations: { "conform-run": tag }, orphanProtection: false };
    const done = [];
    try {
      const { keyId } = await createApiKey({ ...connection, ...options, expiresIn: "9m" });
      done.push("created");
      for await (const key of listApiKeys(connection)) if (key.keyId === keyId) done.push("listed");
      await deleteApiKey({ ...connection, keyId });
      done.push("deleted");
    } catch (error) {
      if (session.isInterrupted) throw error;
      done.push(`then ${error.name}`);
    }
    return done.join(", ");
  },
};

const tokens = {
  async "account.get"(run) {
    const answer = await run.account(run.key("main").key);
    return answer.status === 200 ? "200" : refusal(answer);
  },

  "token.garbage": async (run) => refusal(await run.account(`fw_${run.tag}`)),

  async "token.none"(run) {
    const path = `/v1/accounts/${encodeURIComponent(run.target.accountId)}`;
    return refusal(await run.session.sendWithoutToken("GET", path));
  },

  async "error.body"(run) {
    const { headers, body } = await run.account(`fw_${run.tag}`);
    return `${headers.get("content-type")?.split(";")[0] ?? "no type"}: ${members(body) || "no JSON"}`;
  },

  async "headers.requestId"(run) {
    const { headers } = await run.list({ pageSize: "1" });
    return headers.has("x-request-id") ? "present" : "absent";
  },

  async "user.others"(run) {
    const { key } = run.key("main");
    if (run.owner?.role === "admin") throw new NotAsked("the keys' owner is an administrator");
    // For a user who does not exist, so that nothing is made if it is not refused.
    const path = run.target.keysPathOf(run.nobody);
    const body = { apiKey: { displayName: run.name(), expireTime: run.inMs(60_000).toISOString() } };
    return refusal(await run.send("POST", path, { token: key, body }));
  },

  async "token.expired"(run) {
    // A lifetime that was over before the request arrived is doubled.
    for (let ms = 3_000; ms <= 24_000; ms *= 2) {
      const answer = await run.create({ expireTime: run.inMs(ms).toISOString() });
      if (answer.refusal) continue;
      const { key, expireTime } = answer;
      await run.session.wait(Math.max(Date.parse(expireTime) - run.inMs(0).getTime(), 0) + 500);
      return refusal(await run.account(key));
    }
    throw new NotAsked("keys that live so many seconds were refused");
  },
};

const refused = (status) => ([403, 404].includes(status) ? "403 or 404" : String(status));

const state = async (run, key) =>
  (await run.account(key)).status === 200 ? "still works" : "no longer works";

const deletes = {
  async "delete.wrong-user"(run) {
    const { keyId, key } = run.key("main");
    const { status } = await run.delete(keyId, { user: run.nobody });
    return `${refused(status)}, and the key ${await state(run, key)}`;
  },

  async "delete.wrong-account"(run) {
    const { keyId, key } = run.key("main");
    const path = run.target.keysPath.replace(encodeURIComponent(run.target.accountId), run.nobody);
    const { status } = await run.send("POST", `${path}:delete`, { body: { keyId } });
    return `${refused(status)}, and the key ${await state(run, key)}`;
  },

  "delete.unknown": async (run) => refusal(await run.delete(run.nobody)),

  async "delete.answer"(run) {
    const { keyId } = run.key("main");
    const { status, body, text } = await run.delete(keyId);
    run.keys.set("deleted", run.key("main"));
    return `${status}, ${text.trim() !== "" && members(body) === "" ? "an empty object" : "something else"}`;
  },

  async "delete.works"(run) {
    const { key } = run.key("deleted");
    return run.soon(async () => (await run.account(key)).status !== 200);
  },

  async "delete.listed"(run) {
    const { keyId } = run.key("deleted");
    return run.soon(async () => !(await run.own()).some((key) => key.keyId === keyId));
  },

  "delete.twice": async (run) => refusal(await run.delete(run.key("deleted").keyId)),
  "token.deleted": async (run) => refusal(await run.account(run.key("deleted").key)),

  async "headers.retryAfter"(run) {
    const { retryAfter } = run.session;
    if (retryAfter === undefined) throw new NotAsked("no answer was a 429");
    return retryAfter;
  },
};

/** Asked last and only with --long: these keys cannot carry the run's tag, or live long. */
const long = {
  async "long.default"(run) {
    const answer = await run.post({});
    if (answer.status !== 200) return refusal(answer);
    await run.delete(answer.body.keyId);
    const { displayName, expireTime } = answer.body;
    return `${displayName}, ${expireTime === undefined ? "no expireTime" : "an expireTime"}`;
  },

  async "long.lifetime"(run) {
    const asked = run.inMs(10 * 365 * 86_400_000).toISOString();
    const answer = await run.post({
      displayName: run.name(),
      annotations: { "conform-run": run.tag },
      expireTime: asked,
    });
    if (answer.status !== 200) return refusal(answer);
    await run.delete(answer.body.keyId);
    const lives = Date.parse(answer.body.expireTime ?? "") - Date.parse(asked);
    return Math.abs(lives) <= 1_000 ? "kept" : `changed to ${lives < 0 ? "a shorter" : "a longer"} lifetime`;
  },
};

export const QUESTIONS = { ...creates, ...listQuestions, ...tokens, ...deletes };
export const LONG_QUESTIONS = long;
