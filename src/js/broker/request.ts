// Reads what a member asks for. Whoever sends it is a stranger.

import { type Duration, milliseconds } from "./duration.js";
import { Problem } from "./problem.js";

/** The longest body that is read, in bytes. */
const LONGEST_BODY = 4_096;

/** The longest id of a key that is looked up. */
const LONGEST_ID = 256;

/** The lifetime that a mint's body asks for, in milliseconds; nothing where it leaves that open. */
export async function wantedLifetime(request: Request): Promise<number | undefined> {
  const text = await bodyOf(request);
  if (text === "") return undefined;
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Problem(415, "media-type", "The body must be application/json.");
  }
  const body = parse(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw bad("The body must be a JSON object.");
  }
  const { expiresIn, ...others } = body as { expiresIn?: Duration };
  if (Object.keys(others).length > 0) throw bad("The body may hold expiresIn, and nothing else.");
  if (expiresIn === undefined) return undefined;
  const wanted = milliseconds(expiresIn);
  if (wanted !== undefined) return wanted;
  throw bad("expiresIn must be a positive number of seconds, or an integer and one of s m h d w.");
}

/** The id in a path's segment. */
export function keyIdIn(segment: string): string {
  try {
    const keyId = decodeURIComponent(segment);
    if (keyId.length <= LONGEST_ID) return keyId;
  } catch {
    // Not what it should be: then there is no such key.
  }
  throw noSuchKey();
}

/** The answer for a key that is not there, or not the member's: nobody can tell which. */
export function noSuchKey(): Problem {
  return new Problem(404, "not-found", "You have no key of this id.");
}

/** Reads no more than it must. */
async function bodyOf(request: Request): Promise<string> {
  const tooLarge = (): Problem =>
    new Problem(413, "body-too-large", `The body may hold ${LONGEST_BODY} bytes.`);
  if (Number(request.headers.get("content-length")) > LONGEST_BODY) throw tooLarge();
  const { body } = request;
  if (body === null) return "";
  if (request.bodyUsed) throw new Error("authenticate has read the request's body");
  const reader = body.getReader();
  const bytes = new Uint8Array(LONGEST_BODY);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw bad("The body did not arrive.");
    });
    if (done) break;
    if (length + value.byteLength > LONGEST_BODY) {
      // The rest is of no use; whether that can be said does not matter.
      reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    bytes.set(value, length);
    length += value.byteLength;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length));
  } catch {
    throw bad("The body must be UTF-8.");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad("The body must be JSON.");
  }
}

function bad(detail: string): Problem {
  return new Problem(400, "bad-request", detail);
}
