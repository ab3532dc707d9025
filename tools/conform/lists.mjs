// The questions about lists, users, accounts and CORS.

import { NotAsked, refusal } from "./run.mjs";

const members = (value) =>
  Object.keys(value ?? {})
    .sort()
    .join(", ");

/** Some page's origin. */
const ORIGIN = "https://conform.example";

const idsOf = ({ body }) => (body?.apiKeys ?? []).map(({ keyId }) => keyId);

/** The status of a list, or why it was refused. */
const answered = (answer) => (answer.status === 200 ? "200" : refusal(answer));

/** The main key and another, which is made when the first question needs it. */
async function two(run) {
  const main = run.key("main");
  if (!run.keys.has("second")) {
    const second = await run.create();
    if (second.refusal) throw new NotAsked("a second key was refused");
    run.keys.set("second", second);
    // A list that lags is another question.
    await run.soon(async () => (await run.own()).some(({ keyId }) => keyId === second.keyId));
  }
  return [main, run.keys.get("second")];
}

/** Which headers a page may read, from an answer to a request of a page. */
function readable(headers) {
  const origin = headers.get("access-control-allow-origin");
  if (origin !== "*" && origin !== ORIGIN) return "no origin";
  const exposed = headers.get("access-control-expose-headers");
  return `any origin, ${exposed ? `also ${exposed.toLowerCase()}` : "no other headers"}`;
}

export const listQuestions = {
  async "list.fields"(run) {
    return members((await run.list()).body);
  },

  async "list.secret"(run) {
    run.key("main");
    const own = await run.own();
    return own.some((key) => "key" in key) ? "a key has its secret" : "no key has a secret";
  },

  async "list.pageSize"(run) {
    await two(run);
    const answer = await run.list({ pageSize: "1" });
    if (answer.status !== 200) return refusal(answer);
    const count = idsOf(answer).length;
    const token = answer.body.nextPageToken ? "a token for the next page" : "no token";
    return `${count === 1 ? "one key" : "more than one key"}, and ${token}`;
  },

  async "list.pages"(run) {
    const keys = await two(run);
    const seen = [];
    let pageToken = "";
    // An account with many keys is not gone through one by one.
    const pageSize = (await run.list()).body?.totalSize > 20 ? "100" : "1";
    for (let page = 0; page < 100; page += 1) {
      const answer = await run.list({ pageSize, ...(pageToken === "" ? {} : { pageToken }) });
      if (answer.status !== 200) return refusal(answer);
      seen.push(...idsOf(answer));
      pageToken = answer.body.nextPageToken ?? "";
      if (pageToken === "") break;
    }
    if (pageToken !== "") return "the pages do not end";
    const counts = keys.map(({ keyId }) => seen.filter((id) => id === keyId).length);
    if (counts.every((count) => count === 1)) return "both new keys, each once";
    return counts.includes(0) ? "not both new keys" : "a key more than once";
  },

  "list.pageToken": async (run) => answered(await run.list({ pageToken: "made-up" })),

  async "list.filter"(run) {
    const [, second] = await two(run);
    const answer = await run.list({ filter: `displayName = ${JSON.stringify(second.displayName)}` });
    if (answer.status !== 200) return refusal(answer);
    const ids = idsOf(answer);
    return ids.length === 1 && ids[0] === second.keyId ? "the one key" : "other keys, or none";
  },

  "list.filter.wrong": async (run) => answered(await run.list({ filter: "conform conform (" })),

  async "list.orderBy"(run) {
    const [main, second] = await two(run);
    const answer = await run.list({ orderBy: "createTime desc" });
    if (answer.status !== 200) return refusal(answer);
    const [newer, older] = [second, main].map(({ keyId }) => idsOf(answer).indexOf(keyId));
    return newer >= 0 && newer < older ? "the newest first" : "another order";
  },

  async "list.readMask"(run) {
    run.key("main");
    const answer = await run.list({ readMask: "keyId" });
    if (answer.status !== 200) return refusal(answer);
    return [...new Set(answer.body.apiKeys.map(members))].join(" or ");
  },

  async "list.readMask.star"(run) {
    const { keyId } = run.key("main");
    const fieldsOf = ({ body }) => members(body?.apiKeys?.find((key) => key.keyId === keyId));
    const answer = await run.list({ readMask: "*" });
    if (answer.status !== 200) return refusal(answer);
    return fieldsOf(answer) === fieldsOf(await run.list()) ? "every field" : "other fields";
  },

  async "users.list"(run) {
    const { accountId, userId, usersPath } = run.target;
    const name = `accounts/${accountId}/users/${userId}`;
    let pageToken = "";
    for (let page = 0; page < 100; page += 1) {
      const answer = await run.send("GET", usersPath, { query: pageToken === "" ? {} : { pageToken } });
      if (answer.status !== 200) return refusal(answer);
      run.owner = (answer.body.users ?? []).find((user) => user.name === name);
      pageToken = answer.body.nextPageToken ?? "";
      if (run.owner || pageToken === "") break;
    }
    if (!run.owner) return "not the owner";
    const known = ["email", "name", "role", "serviceAccount"].filter((field) => field in run.owner);
    return `the owner, with ${known.join(", ")}`;
  },

  async "users.email"(run) {
    const { accountId, userId } = run.target;
    if (!run.owner?.serviceAccount) throw new NotAsked("the keys' owner is no service account");
    const documented = `${userId}@${accountId}.sa.fireworks.ai`;
    return run.owner.email === documented ? "as documented" : "another form";
  },

  async "accounts.list"(run) {
    const answer = await run.send("GET", "/v1/accounts");
    if (answer.status !== 200) return refusal(answer);
    const names = (answer.body.accounts ?? []).map(({ name }) => name);
    return names.includes(`accounts/${run.target.accountId}`) ? "its own account" : "not its own account";
  },

  async "list.everybody"(run) {
    const { adminToken, token } = run.target;
    const answer = await run.send("GET", run.target.keysPathOf("-"), {
      query: { pageSize: "1" },
      token: adminToken ?? token,
    });
    if (answer.status === 403 && adminToken === undefined)
      throw new NotAsked("no administrator's key is given");
    return answered(answer);
  },

  async "list.everybody.others"(run) {
    const { key } = run.key("main");
    if (run.owner?.role === "admin") throw new NotAsked("the keys' owner is an administrator");
    return answered(
      await run.send("GET", run.target.keysPathOf("-"), { query: { pageSize: "1" }, token: key }),
    );
  },

  async "cors.preflight"(run) {
    const { status, headers } = await run.session.sendWithoutToken("OPTIONS", run.target.keysPath, {
      "origin": ORIGIN,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    });
    const allowed = (name) => (headers.get(`access-control-allow-${name}`) ?? "").toLowerCase();
    const origin = headers.get("access-control-allow-origin");
    const has = (name, ...values) =>
      allowed(name).trim() === "*" || values.every((value) => allowed(name).split(/, */).includes(value));
    const found = [
      status < 300 && (origin === "*" || origin === ORIGIN) ? "any origin" : "no origin",
      has("methods", "post") ? "POST" : "not POST",
      // A star does not stand for Authorization.
      allowed("headers").split(/, */).includes("authorization") && has("headers", "content-type")
        ? "authorization and content-type"
        : "not both headers",
    ];
    return found.join(", ");
  },

  async "cors.answer"(run) {
    const { headers } = await run.list({ pageSize: "1" }, { headers: { origin: ORIGIN } });
    return readable(headers);
  },
};
