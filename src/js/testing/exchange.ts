// One request and its answer, with the fault that was asked for. A request that no rule applies to must not
// be affected.

import type { Account } from "./account.js";
import type { FaultMembers, Faults, Operation } from "./fault.js";
import { letters } from "./random.js";
import { invalid, json, missing, refusal } from "./refusal.js";
import type { FakeRequest } from "./types.js";

interface Route {
  readonly operation: Operation;
  readonly account: string;
  readonly user: string;
}

/** The paths of the API, with a star for each id, and what each method asks for. */
const ROUTES: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  "/v1/accounts": { GET: "accounts" },
  "/v1/accounts/*": { GET: "account" },
  "/v1/accounts/*/users": { GET: "users" },
  "/v1/accounts/*/users/*/apiKeys": { GET: "list", POST: "create" },
  "/v1/accounts/*/users/*/apiKeys:delete": { POST: "delete" },
};

/** The largest body that is accepted, in bytes. */
const LARGEST_BODY = 2 ** 20;

/** Answers a request, and notes it. */
export async function exchange(
  account: Account,
  faults: Faults,
  requests: FakeRequest[],
  request: Request,
  clock: () => number,
): Promise<Response> {
  const { method } = request;
  const { pathname, searchParams: query } = new URL(request.url);
  const token = /^bearer +(.*)/i.exec(request.headers.get("authorization") ?? "")?.[1]?.trim() ?? "";
  const bytes = await request.arrayBuffer();
  const noted: FakeRequest = { method };
  requests.push(noted);
  const route = attempted(() => routeOf(method, pathname, bytes));
  let fault: FaultMembers = {};
  const now = () => clock() + ((fault.kind === "clock" && fault.ms) || 0);
  let served: Response;
  if (route instanceof Response) served = route;
  else {
    const { operation, user } = route;
    noted.operation = operation;
    if (user) noted.user = user;
    fault = faults.next(operation, user);
    const body = () => readable("body", () => JSON.parse(decoder().decode(bytes)));
    const serve = () => json(200, account.serve({ ...route, token, query, body, fault, now: now(), noted }));
    served = await withFault(fault, token, () => attempted(serve));
  }
  noted.status = served.status;
  const { headers } = served;
  if (!headers.has("date")) headers.set("date", new Date(now()).toUTCString());
  if (!headers.has("x-request-id")) headers.set("x-request-id", letters(16));
  return method === "HEAD" ? new Response(null, served) : served;
}

/** What this returns, or the refusal that it throws. */
function attempted<Result>(work: () => Result): Result | Response {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof Response)) throw thrown;
    return thrown;
  }
}

/** Serves a request with this fault. Throws if no answer is to arrive. */
async function withFault(fault: FaultMembers, token: string, run: () => Response): Promise<Response> {
  const { kind = "", when, ms, bytes, status = 200, headers = {}, body = "" } = fault;
  const wait = () => new Promise((done) => setTimeout(done, ms));
  const isAfter = when === "after";
  if (kind === "late") setTimeout(run, ms);
  if (kind === "delay" && !isAfter) await wait();
  const served = !isAfter && /drop|late|answer/.test(kind) ? json(200, {}) : run();
  if (kind === "delay" && isAfter) await wait();
  if (/drop|late/.test(kind)) throw lost();
  if (kind === "cut") {
    const whole = (await served.arrayBuffer()).slice(0, -1).slice(0, bytes);
    return new Response(broken(new Uint8Array(whole)), served);
  }
  if (kind !== "answer") return served;
  // The key that was created.
  const { key = "" } = (await served.json()) as { key?: string };
  const filled = body.split("{{token}}").join(token).split("{{key}}").join(key);
  // Bytes, as a text would bring a content-type of its own.
  const sent = new TextEncoder().encode(filled);
  return new Response([204, 205, 304].includes(status) ? null : sent, { status, headers });
}

/** As the platform's own fetch reports it. */
const lost = () => new TypeError("fetch failed");

/** What a request asks for. Throws a refusal if the API cannot do it. */
function routeOf(method: string, pathname: string, { byteLength }: ArrayBuffer): Route {
  if (byteLength > LARGEST_BODY) throw refusal(413, 8, "body is too large");
  const path = readable("path", () => decodeURIComponent(pathname)).split("/");
  const [account = "", user = ""] = [path[3], path[5]];
  const operations = ROUTES[path.map((part, at) => (part && (at === 3 || at === 5) ? "*" : part)).join("/")];
  if (!operations) throw missing("path");
  // HEAD is answered like GET.
  const operation = operations[method === "HEAD" ? "GET" : method];
  if (operation) return { operation, account, user };
  const allow = Object.keys(operations).join(", ").replace("GET", "GET, HEAD");
  throw refusal(405, 12, "no such method", { allow });
}

/** Returns what this reads. Throws a refusal if it cannot. */
function readable<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch {
    throw invalid(`${what} is invalid`);
  }
}

/** Made when it is needed: where there is nothing but the language, the entry can be imported. */
const decoder = () => new TextDecoder("utf-8", { fatal: true });

/** A body that breaks off after these bytes. */
const broken = (bytes: Uint8Array<ArrayBuffer>) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(bytes),
    pull: (controller) => controller.error(lost()),
  });
