// Reads what a member asks for. The request is untrusted.

import { type Duration, milliseconds } from "./duration.js";
import { Problem } from "./problem.js";
import { within } from "./within.js";

/** The longest body that is read, in bytes. */
const LONGEST_BODY = 4_096;

/** The bytes that are read and dropped, so that a client that sends too much still gets its answer. */
const LONGEST_REST = 65_536;

/** How long a body may take to arrive, in milliseconds. */
const BODY_MS = 10_000;

/** The longest key id that is looked up. */
const LONGEST_ID = 256;

/** The lifetime that a mint's body asks for, in milliseconds; undefined if it asks for none. */
export async function wantedLifetime(request: Request): Promise<number | undefined> {
  const type = request.headers.get("content-type");
  const text = await bodyOf(request);
  if (!/^application\/json\s*(;|$)/i.test(type ?? "") && (text !== "" || type !== null)) {
    throw new Problem(415, "media-type", "The body must be application/json.");
  }
  if (text === "") return undefined;
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

/** The key id in a path segment. */
export function keyIdIn(segment: string): string {
  try {
    const keyId = decodeURIComponent(segment);
    if (keyId.length <= LONGEST_ID) return keyId;
  } catch {
    // A segment that cannot be decoded is not the id of any key.
  }
  throw noSuchKey();
}

/** The same answer for a missing key and for another member's, so that nobody can tell them apart. */
export function noSuchKey(): Problem {
  return new Problem(404, "not-found", "You have no key of this id.");
}

/** A request's body as text. Throws if it is too large, even if the text is not used. */
export async function bodyOf(request: Request): Promise<string> {
  const { body } = request;
  if (body === null) return "";
  if (request.bodyUsed) throw new Error("authenticate has read the request's body");
  const reader = body.getReader();
  try {
    const chunks = await within(BODY_MS, "the body", () => read(reader)).catch(() => {
      throw bad("The body did not arrive.");
    });
    const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (length > LONGEST_BODY) {
      throw new Problem(413, "body-too-large", `The body may hold ${LONGEST_BODY} bytes.`);
    }
    return decode(chunks);
  } finally {
    // The rest is not needed, and it does not matter if cancelling fails.
    reader.cancel().catch(() => undefined);
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array[]> {
  const chunks = [];
  for (let length = 0; length <= LONGEST_REST; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.byteLength;
  }
  return chunks;
}

function decode(chunks: Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
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
