// Answers in a form that two services can be compared by: without what is random or measured in each.

import assert from "node:assert/strict";

/** What stands for each value that no two services share. */
const FORMS = {
  keyId: /^\w{16}$/,
  key: /^fw_\w{24}$/,
  prefix: /^fw_\w{4}$/,
  createTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/,
  lastUsed: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/,
  message: /./,
};

/** An answer's status, its body in a comparable form, and the headers that a caller may decide by. */
export function comparable({ status, headers, body, text }) {
  return {
    status,
    type: headers.get("content-type")?.split(";")[0] ?? null,
    hasRequestId: /./.test(headers.get("x-request-id") ?? ""),
    retryAfter: headers.get("retry-after"),
    allow: headers.get("allow")?.split(/, ?/) ?? null,
    body: body === undefined ? text : plain(body),
  };
}

function plain(value, name) {
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value === "object" && value !== null) {
    const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, member]) => [name, plain(member, name)]));
  }
  if (name === "nextPageToken") return value === "" ? "" : "<a token>";
  if (!Object.hasOwn(FORMS, name ?? "")) return value;
  assert.match(value, FORMS[name], name);
  return `<${name}>`;
}

/** How a request came out: its answer, or that none arrived. */
export async function outcome(promise) {
  try {
    return comparable(await promise);
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return "no answer";
  }
}

/** Asks one after the other, with the status that each should have. */
export async function all(requests) {
  const answers = [];
  for (const [what, expected, send] of requests) {
    const answer = await outcome(send());
    assert.equal(answer.status ?? answer, expected, what);
    answers.push([what, answer]);
  }
  return answers;
}
