// Deletes what a run has made: the keys whose ids it was answered, and those that carry its tag. It never
// deletes anything else, and names what may be left.

import { Lost } from "./session.mjs";

/** How often the list is looked at, and how long it waits before it looks again, in milliseconds. */
const LOOKS = 3;
const PAUSE_MS = 1_000;

/** How many pages a list may have, should the service never say that one is the last. */
const MOST_PAGES = 1_000;

/** Whether a key was made by this run: its tag is random, and stands in nothing but this run's requests. */
export const isOfRun = (key, tag) =>
  key?.annotations?.["conform-run"] === tag || `${key?.displayName ?? ""}`.includes(tag);

/** Deletes all keys of the run. Returns what may be left, each in words. */
export async function tidy(session, target, tag) {
  session.resume();
  session.question = "tidying up";
  const left = new Map();
  for (const [keyId, create] of session.made) left.set(keyId, create);
  for (const keyId of [...left.keys()]) await remove(session, target, keyId, left);
  let looked;
  for (let look = 0; look < LOOKS; look += 1) {
    looked = await lookFor(session, target, tag, left);
    if (looked && left.size === 0 && session.lost.length === 0) break;
    if (look + 1 < LOOKS) await session.wait(PAUSE_MS);
    // Its deletion was asked for, and no list shows it any more.
    else for (const keyId of left.keys()) if (looked && !looked.has(keyId)) left.delete(keyId);
  }
  const named = [...left.values()].map((create) => `${words(create)} could not be deleted`);
  if (!looked) named.push("the keys could not be listed, to look for others of this run");
  for (const create of session.lost) {
    named.push(`${words(create)} may exist: its create's answer was lost, and it was not found in the list`);
  }
  return named;
}

/** Deletes a key. It is known to be gone if the API says so in its own form. */
async function remove(session, target, keyId, left) {
  try {
    const { status, body } = await session.send("POST", `${target.keysPath}:delete`, { body: { keyId } });
    const isDone = status === 200 && JSON.stringify(body) === "{}";
    if (isDone || (status === 404 && body?.code === 5)) left.delete(keyId);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
  }
}

/**
 * Looks through the whole list, and deletes what is of this run. Returns the ids that were listed; undefined
 * if the list was not complete.
 */
async function lookFor(session, target, tag, left) {
  try {
    let pageToken = "";
    const [seen, listed] = [new Set(), new Set()];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = pageToken === "" ? {} : { pageToken };
      const { status, body } = await session.send("GET", target.keysPath, { query });
      if (status !== 200 || !Array.isArray(body?.apiKeys ?? (body?.totalSize === 0 ? [] : undefined)))
        return undefined;
      for (const key of body.apiKeys ?? []) {
        listed.add(key.keyId);
        const isOurs = session.made.has(key.keyId) || isOfRun(key, tag);
        if (!isOurs || seen.has(key.keyId)) continue;
        seen.add(key.keyId);
        if (session.made.has(key.keyId) && !left.has(key.keyId)) continue;
        left.set(key.keyId, { question: "a lost answer", name: key.displayName, until: key.expireTime });
        await remove(session, target, key.keyId, left);
        const found = session.lost.findIndex(({ name }) => name !== undefined && name === key.displayName);
        if (found >= 0 && !left.has(key.keyId)) session.lost.splice(found, 1);
      }
      pageToken = body.nextPageToken ?? "";
      if (pageToken === "") return listed;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    return undefined;
  }
}

/** A key in words, without its id. */
function words({ question, name, until }) {
  const called =
    name === undefined ? "a key without a name of its own" : `the key named ${JSON.stringify(name)}`;
  const ends = until === undefined ? "never ends by itself" : `ends by itself at ${until}`;
  return `${called} (${question}; it ${ends})`;
}
