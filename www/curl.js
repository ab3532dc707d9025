// Turns requests into `curl` commands for a shell. Pure. The token is always a variable, and no command
// contains a secret.

import { readableJson } from "./names.js";

const TOKEN = '"Authorization: Bearer $FIREWORKS_API_KEY"';

/** Quotes a text, if needed, so that a POSIX shell reads it as one literal word. */
export function quote(text) {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The commands for an operation with these options; a rotation needs several. */
export function commandsOf(operation, options) {
  const at = new Paths(options);
  switch (operation) {
    case "listApiKeys":
      return [get(at.keys(options.pageSize && `?pageSize=${options.pageSize}`))];
    case "listUsers":
      return [get(at.users())];
    case "createApiKey":
      return [post(at.keys(), { apiKey: newKey(options) })];
    case "deleteApiKey":
      return [post(at.remove(), { keyId: options.keyId })];
    case "deleteOrphans":
      return [get(at.keys()), post(at.remove(), { keyId: "the id of each key with the tag" })];
    case "rotateApiKey":
      return [
        get(at.keys()),
        post(at.keys(), { apiKey: newKey(options) }),
        post(at.remove(), { keyId: options.keyId }),
      ];
    default:
      return [];
  }
}

function newKey({ displayName, expireTime, annotations }) {
  const labelled = annotations && Object.keys(annotations).length > 0;
  return {
    ...(displayName && { displayName }),
    ...(expireTime && { expireTime }),
    ...(labelled && { annotations }),
  };
}

function get(url) {
  return `curl ${quote(url)} \\\n  -H ${TOKEN}`;
}

function post(url, body) {
  return `${get(url)} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quote(readableJson(body))}`;
}

/** The addresses of an account's resources. The ids are unchecked user input. */
class Paths {
  constructor({ baseUrl, accountId, userId }) {
    this.account = `${baseUrl.replace(/\/+$/, "")}/v1/accounts/${encodeURIComponent(accountId)}`;
    this.user = encodeURIComponent(userId);
  }

  users() {
    return `${this.account}/users`;
  }

  keys(query) {
    return `${this.users()}/${this.user}/apiKeys${query || ""}`;
  }

  remove() {
    return `${this.users()}/${this.user}/apiKeys:delete`;
  }
}
