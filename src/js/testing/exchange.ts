// One request and its answer, with the fault that was asked for. A request that no rule applies to must not
// be affected.

import type { Account } from "./account.js";
import type { Fault, Faults, Operation, When } from "./fault.js";
import { letters } from "./random.js";
import { type Answer, invalid, json, missing, refusal } from "./refusal.js";
import type { FakeRequest } from "./types.js";

/** An answer that is sent. */
interface Served extends Answer {
  /** After how many bytes the body breaks off. */
  readonly cutAt?: number | undefined;
}

interface Route {
  readonly operation: Operation;
  readonly account: string;
  readonly user: string;
}

const PATH = /^\/v1\/accounts(?:\/([^/]+)(?:\/(users)(?:\/([^/]+)\/(apiKeys(?::delete)?))?)?)?$/;

/** The largest body that is accepted, in bytes. */
const LARGEST_BODY = 2 ** 20;

/** Answers a request, and notes it. */
export async function exchange(
  account: Account,
  faults: Faults,
  requests: FakeRequest[],
  request: Request,
): Promise<Response> {
  const { method } = request;
  const { pathname, searchParams: query } = new URL(request.url);
  const token = /^bearer +(.*)/i.exec(request.headers.get("authorization") ?? "")?.[1]?.trim() ?? "";
  const bytes = await request.arrayBuffer();
  const noted: FakeRequest = { method };
  requests.push(noted);
  const isTooLarge = bytes.byteLength > LARGEST_BODY;
  const route = isTooLarge ? refusal(413, 8, "the body is too large") : routeOf(method, pathname);
  const run = (strips = false): Served => {
    try {
      if ("status" in route) return route;
      const caller = account.caller(token);
      if (caller) noted.caller = caller.user;
      const body = () => parsed(bytes);
      return json(200, account.serve(caller, { ...route, query, body, strips }));
    } catch (thrown) {
      if (!(thrown as Partial<Answer>).status) throw thrown;
      return thrown as Answer;
    }
  };
  let fault: Fault | undefined;
  if (!("status" in route)) {
    const { operation, user } = route;
    Object.assign(noted, { operation }, user && { user });
    fault = faults.next(operation, user);
  }
  const served = await withFault(fault, token, run);
  noted.status = served.status;
  return respond(method, served);
}

/** Serves a request with this fault. Throws if no answer is to arrive. */
async function withFault(
  fault: Fault | undefined,
  token: string,
  run: (strips?: boolean) => Served,
): Promise<Served> {
  if (!fault) return run();
  const { kind, when, ms, bytes, status = 200, headers = {} } = fault as FaultMembers;
  const { body = kind === "garbage" ? "<!doctype html>" : "" } = fault as FaultMembers;
  const wait = () => new Promise((done) => setTimeout(done, ms));
  const isLost = kind === "drop" || kind === "late";
  const isAfter = when === "after";
  if (kind === "late") void wait().then(() => run());
  if (kind === "delay" && !isAfter) await wait();
  const isDone = isAfter || !(isLost || kind === "answer");
  const served = isDone ? run(kind === "strip-annotations") : undefined;
  if (kind === "delay" && isAfter) await wait();
  if (isLost) throw lost();
  if (kind !== "answer" && kind !== "garbage") return { ...(served as Served), cutAt: bytes };
  // The key that was created.
  const { key = "" } = JSON.parse(served?.body ?? "{}");
  const filled = body.replaceAll("{{token}}", () => token).replaceAll("{{key}}", () => key);
  return { status, headers, body: filled };
}

/** As the platform's own fetch reports it. */
const lost = () => new TypeError("a fault rule closed the connection");

/** The members of all kinds of faults. */
interface FaultMembers {
  readonly kind: Fault["kind"];
  readonly when?: When;
  readonly ms?: number;
  readonly bytes?: number;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What a request asks for, or why the API cannot do it. */
function routeOf(method: string, pathname: string): Route | Answer {
  let found: RegExpExecArray | null;
  try {
    found = PATH.exec(decodeURIComponent(pathname));
  } catch {
    return invalid("the path must be UTF-8");
  }
  if (!found) return missing("path");
  const [, account = "", users, user = "", action] = found;
  const isKeys = action === "apiKeys";
  // HEAD is answered like GET.
  const allow = action && !isKeys ? "POST" : isKeys ? "GET, HEAD, POST" : "GET, HEAD";
  if (!allow.split(", ").includes(method)) {
    return refusal(405, 12, "there is no such method", { allow });
  }
  const name = isKeys ? (method === "POST" ? "create" : "list") : action && "delete";
  return { operation: (name ?? users ?? (account ? "account" : "accounts")) as Operation, account, user };
}

/** Reads a body as JSON. */
function parsed(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw invalid("the body is not JSON");
  }
}

/** The response, with an id unless a fault has set one. CORS is a browser's affair, and not a fetch's. */
function respond(method: string, { status, headers: given, body, cutAt }: Served): Response {
  const headers = new Headers(given);
  if (!headers.has("x-request-id")) headers.set("x-request-id", letters(16));
  const isEmpty = method === "HEAD" || [204, 205, 304].includes(status);
  // Bytes, as a text would bring a content-type of its own.
  const bytes = new TextEncoder().encode(body);
  const sent = cutAt === undefined ? bytes : broken(bytes.subarray(0, Math.min(cutAt, bytes.length - 1)));
  return new Response(isEmpty ? null : sent, { status, headers });
}

/** A body that breaks off after these bytes. */
function broken(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isSent = false;
  const pull = (controller: ReadableStreamDefaultController) => {
    if (isSent) controller.error(lost());
    else controller.enqueue(bytes);
    isSent = true;
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}
