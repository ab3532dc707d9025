// Explains errors and events in plain words. Pure: an argument says what the browser knows of the network.
// What became of a key is told elsewhere, by its fate: no words here say what was done or was not.

import { visible } from "./names.js";
import { took } from "./time.js";

const STATUS = {
  401: [
    "The token is not accepted",
    "The service does not know this token. It may be mistyped, revoked or expired.",
  ],
  403: [
    "The token may not do this",
    "Its user’s role does not allow it. Only an administrator sees and manages everybody’s keys.",
  ],
  404: [
    "There is no such thing",
    "The service knows no such account, user or key at this address. Ids are asked for, not names.",
  ],
  429: ["Too many requests", "The service asks to wait."],
};

/**
 * Explains an error as `{ title, text }`. The network to the service: whether the browser is `online`,
 * whether the page's policy has `blocked` the address, and whether the service is `near`, because it is the
 * page's own origin or has answered before, so that no policy of its own can be to blame.
 */
export function explain(error, { online = true, blocked = false, near = false } = {}) {
  switch (error?.code) {
    case "VALIDATION":
      return {
        title: `${visible(error.path)} cannot be used`,
        text: `It ${plain(error).replace(`${visible(error.path)} `, "")}.`,
      };
    case "CONNECTION":
      if (blocked)
        return {
          title: "The page may not talk to this address",
          text: "Its Content-Security-Policy allows its own origin and https://api.fireworks.ai.",
        };
      if (!online)
        return { title: "You are offline", text: "No answer arrived. Try again when you are back." };
      return {
        title: "No answer",
        text: near
          ? "The connection broke, or the service cannot be reached now."
          : "The service cannot be reached, or it does not let a page talk to it (CORS). If it does not, " +
            "use a path of this page’s own origin that forwards to the service: " +
            "cargo xtask demo --proxy has one, /fireworks.",
      };
    case "TIMEOUT":
      return { title: "No answer in time", text: `${capital(plain(error))}.` };
    case "INVALID_RESPONSE":
      return {
        title: "The answer makes no sense",
        text: `${capital(plain(error))}. Is this the address of the Fireworks API?`,
      };
    case "MODULE_LOAD":
      return {
        title: "The page’s module did not load",
        text: "Look at the network, and try again: the next call loads it anew.",
      };
    case "ROTATION":
      return explainRotation(error);
    default:
  }
  if (error?.name === "AbortError") return { title: "Stopped", text: "It was stopped before its end." };
  if (typeof error?.status === "number") return explainStatus(error);
  return { title: "Something went wrong", text: visible(error?.message ?? error) };
}

/**
 * The statuses that say that nothing was done, also where the browser has sent the request again by itself:
 * after a first that was done, the second could get a 404, a 409 or a 429.
 */
const REFUSALS = new Set([400, 401, 403, 405, 413, 422]);

/**
 * Whether it is known that nothing was done: nothing was sent, or the service itself has refused the only
 * attempt, in the API's own form. A status alone could be a gateway's.
 */
export function isRefusal({ code, status, attempts, body } = {}) {
  if (code === "VALIDATION") return attempts === 0;
  return attempts === 1 && REFUSALS.has(status) && typeof body?.code === "number";
}

/** What is said of a key whose revocation has failed with this error. */
export function notRevoked(error, isKept) {
  if (isKept) return "It is not revoked.";
  // It may be another's, or gone; and the browser may have sent the request twice.
  if (answers(error, 404)) return "It is not revoked, or was already: which of them is not known.";
  return "Whether it is revoked is not known.";
}

/** Whether the service itself, in a form that the API has, answers with this status. */
export function answers(error, status) {
  const { body } = error ?? {};
  const alone = Object.keys(body ?? {}).join();
  const isApi = typeof body?.code === "number" || alone === "error" || alone === "fault";
  return error?.status === status && isApi;
}

function explainStatus(error) {
  const { status, retryAfterMs } = error;
  const refused = answers(error, status)
    ? (STATUS[status] ?? ["The service refused", ""])
    : ["Refused, but not in the API’s words", "A gateway or a sign-in page may stand before the service."];
  const [title, text] =
    status < 400
      ? ["The answer leads elsewhere", "A token is never sent there."]
      : status < 500
        ? refused
        : ["The service or its gateway has failed", "Try again later."];
  const wait = retryAfterMs === undefined ? "" : `Try again in ${took(retryAfterMs)}.`;
  const said = answers(error, 401) ? "" : `It said: ${plain(error)}.`;
  return { title, text: [text, wait, said].filter(Boolean).join(" ") };
}

const REASONS = {
  "missing": ["The key was not found", "The user’s list has no key of this id. Nothing has changed."],
  "lifetime": [
    "Its lifetime cannot be told",
    "Nothing has changed. Create a new key with a lifetime of its own instead.",
  ],
  "unfinished": [
    "An earlier rotation is unfinished",
    "This key has successors already. If you hold one of them, rotate that one. " +
      "If a rotation was cut short, its leftovers can be deleted when they are 15 minutes old.",
  ],
  "lives-too-long": [
    "The new key would live too long",
    "The service made it longer-lived than was asked for, so it is not handed out. The old key is as it was.",
  ],
  "not-stored": [
    "The new key was taken back",
    "You said that it is not stored, so it was deleted. The old key is as it was.",
  ],
};

function explainRotation({ reason, cause, liveKeyIds, stage, orphans }) {
  if (reason === "conflict") {
    const own = orphans === "unknown" ? "is not known to be deleted" : "was taken back";
    return {
      title: "Another rotation may be at work",
      text:
        `There is a successor that this rotation did not make, or the key is gone. The new key ${own}. ` +
        "Try again when the other has ended, with the key that your store holds.",
    };
  }
  const known = REASONS[reason];
  const isTakenBack = reason === "not-stored" || reason === "lives-too-long";
  if (known && !(isTakenBack && liveKeyIds.length > 1)) return { title: known[0], text: known[1] };
  const why = cause ? `${explain(cause).title}. ` : "";
  const what =
    liveKeyIds.length > 1
      ? `${liveKeyIds.length} keys are alive: ${visible(liveKeyIds.join(", "))}. ` +
        "Revoke the one that you do not hold."
      : "The old key is as it was. Rotate again.";
  return { title: `It ended in the stage “${stage}”`, text: why + what };
}

/** Explains an event of a call as `{ text, tone }`. */
export function explainEvent(event) {
  switch (event.type) {
    case "retry": {
      const why = {
        status: `The service answered ${event.status}`,
        connection: "No answer arrived",
        timeout: "No answer in time",
      }[event.reason];
      return { tone: "warning", text: `${why}. Attempt ${event.attempt + 1} in ${took(event.delayMs)}.` };
    }
    case "orphan-deleted":
      return {
        tone: "good",
        text: `The key ${visible(event.keyId)} was made and not handed out. It was found and deleted.`,
      };
    case "orphans-open": {
      const text = `A lost attempt is not accounted for. Looking again for up to ${took(event.lastLookMs)}.`;
      return { tone: "warning", text };
    }
    case "orphans-swept":
      return { tone: "good", text: "Every lost attempt is accounted for." };
    case "orphans-unaccounted":
      return {
        tone: "warning",
        text: "Fewer keys were found than attempts were lost: the others were never made, or come late.",
      };
    case "orphans-unknown":
      return { tone: "danger", text: "A key of a lost attempt may be alive: it could not be looked for." };
    case "unprotected":
      return {
        tone: "warning",
        text: "The service did not keep the key’s tag: a lost attempt could not have been found.",
      };
    case "shorter-lifetime":
      return { tone: "warning", text: `The key ${visible(event.keyId)} ends earlier than was asked for.` };
    case "unknown-lifetime":
      return { tone: "warning", text: `It cannot be told how long the key ${visible(event.keyId)} lives.` };
    case "rotation":
      return { tone: "quiet", text: STAGES[event.stage] ?? event.stage };
    case "rotation-unknown": {
      const keys = visible(`${event.keyId} nor ${event.successorId}`);
      return {
        tone: "danger",
        text: `It is not known whether the new key is stored, so neither ${keys} is deleted.`,
      };
    }
    default:
      return { tone: "quiet", text: event.type };
  }
}

/** The stages of a rotation, in order. */
export const STAGES = {
  find: "Find the key",
  create: "Create its successor",
  compare: "Look for other rotations",
  verify: "Try the new key",
  persist: "You store the new key",
  revoke: "Revoke what is too old",
};

/** The error's message without the function's name at its start. */
function plain({ message, operation }) {
  return visible(String(message).replace(`${operation}: `, "").replace(/\.$/, ""));
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
