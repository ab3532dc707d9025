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
        title: `${error.path} cannot be used`,
        text: `It ${plain(error).replace(`${error.path} `, "")}.`,
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
            "use a path of this page’s own origin that forwards to the service.",
      };
    case "TIMEOUT":
      return { title: "The service is too slow", text: `${capital(plain(error))}.` };
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
  if (error?.name === "AbortError") return { title: "Stopped", text: "You stopped it." };
  if (typeof error?.status === "number") return explainStatus(error);
  return { title: "Something went wrong", text: visible(error?.message ?? error) };
}

/**
 * Whether it is known that nothing was done: nothing was sent, or the service itself has refused the only
 * attempt, in the API's own form. A status alone could be a gateway's.
 */
export function isRefusal({ code, status, attempts, body } = {}) {
  if (code === "VALIDATION") return attempts === 0;
  return attempts === 1 && status >= 400 && status < 500 && typeof body?.code === "number";
}

function explainStatus(error) {
  const { status, retryAfterMs } = error;
  const [title, text] =
    STATUS[status] ??
    (status >= 500
      ? ["The service has failed", "It is the service’s fault. Try again later."]
      : ["The service refused", ""]);
  const wait = retryAfterMs === undefined ? "" : `Try again in ${took(retryAfterMs)}.`;
  const said = status === 401 ? "" : `It said: ${plain(error)}.`;
  return { title, text: [text, wait, said].filter(Boolean).join(" ") };
}

const REASONS = {
  "missing": ["The key is gone", "The user has no key of this id any more. Nothing has changed."],
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
    "The service made it longer-lived than was asked for, so it is not handed out. The old key still works.",
  ],
  "conflict": [
    "Another rotation is at work",
    "The new key was taken back. Try again when the other has ended.",
  ],
  "not-stored": [
    "The new key was taken back",
    "You said that it is not stored, so it was deleted. The old key still works.",
  ],
};

function explainRotation({ reason, cause, liveKeyIds, stage }) {
  const known = REASONS[reason];
  const isTakenBack = reason === "not-stored" || reason === "lives-too-long";
  if (known && !(isTakenBack && liveKeyIds.length > 1)) return { title: known[0], text: known[1] };
  const why = cause ? `${explain(cause).title}. ` : "";
  const what =
    liveKeyIds.length > 1
      ? `${liveKeyIds.length} keys are alive: ${visible(liveKeyIds.join(", "))}. ` +
        "Revoke the one that you do not hold."
      : "The old key still works. Rotate again.";
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
        text: `A lost attempt had made the key ${visible(event.keyId)}. It was found and deleted.`,
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
      return { tone: "danger", text: "Keys that nobody holds may be alive: they could not be looked for." };
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
      const keys = visible(`${event.keyId} and ${event.successorId}`);
      return {
        tone: "danger",
        text: `Nobody knows whether the new key is stored: ${keys} are both alive.`,
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
