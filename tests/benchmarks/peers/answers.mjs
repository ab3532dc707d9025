// What the stubs answer. It is apart from everything of Node's, so that workers and pages can hold it, too.

/** The answer to every create. */
export const ANSWER = {
  keyId: "YsT9blu0LuElEH0i",
  displayName: "bench",
  key: "fw_zgHX3OKM0XshxLwu3HqH1QR4",
  createTime: "2026-11-24T23:37:40.774886Z",
  secure: true,
  email: "ci-bot@acme.sa.fireworks.ai",
  prefix: "fw_zgHX",
  annotations: { "fireworks-keys-attempt": "77d02c51b8088cfd9e5e86184823c00b" },
};

const TAG = ANSWER.annotations["fireworks-keys-attempt"];
const ANSWERED = JSON.stringify(ANSWER);
// A list shows every key but its secret.
const LISTED = JSON.stringify({ apiKeys: [{ ...ANSWER, key: undefined }] });

/** The tag of the key that was made last. */
let last = TAG;

/**
 * The text that answers a request with this body: a create's own tag among the annotations, as the service
 * keeps them. Without a body it is a list, which holds the key that was made last: where a runtime repeats
 * requests by itself, a create whose tag is kept lists the keys.
 */
export function answerTo(body) {
  if (!body) return LISTED.replace(TAG, last);
  const [, tag] = body.match(/"fireworks-keys-attempt":"([^"]*)"/) ?? [];
  if (tag === undefined) return ANSWERED;
  last = tag;
  return ANSWERED.replace(TAG, tag);
}

const INIT = { headers: { "content-type": "application/json" } };

/**
 * A fetch that answers at once. Only the package says its tag, and only it lists keys, so that the other
 * peers may hand their body over inside a request, which is not read.
 */
export async function stubFetch(_, init) {
  return new Response(answerTo(init?.method === "GET" ? "" : (init?.body ?? "{}")), INIT);
}
