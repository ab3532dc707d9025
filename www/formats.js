// What to do with a new key, in the words of where it goes. Pure. Only the key itself and a line of a .env
// file hold the secret: everything else reads it from FIREWORKS_API_KEY, so that it lands in no source and
// in no shell's history.

import { quote } from "./curl.js";

const VARIABLE = "FIREWORKS_API_KEY";

/** The formats: their names, whether they hold the secret, and a hint. */
export const FORMATS = [
  { name: "key", label: "Key", secret: true, hint: "For a secret store." },
  { name: "env", label: ".env", secret: true, hint: "A line for a file that is not committed." },
  { name: "curl", label: "curl", hint: `Reads your account, with the key from ${VARIABLE}.` },
  { name: "javascript", label: "JavaScript", hint: `Reads your account, with the key from ${VARIABLE}.` },
  { name: "python", label: "Python", hint: `Reads your account, with the key from ${VARIABLE}.` },
  { name: "github", label: "GitHub secret", hint: "Asks for the key at its prompt: paste it there." },
];

/** The text of a format. `key` may be masked; `url` is the account's address. */
export function formatted(name, { key, url }) {
  switch (name) {
    case "env":
      return `${VARIABLE}=${key}`;
    case "curl":
      return `curl ${quote(url)} \\\n  -H "Authorization: Bearer $${VARIABLE}"`;
    case "javascript":
      return [
        `const response = await fetch(${JSON.stringify(url)}, {`,
        `  headers: { authorization: \`Bearer \${process.env.${VARIABLE}}\` },`,
        "});",
        "console.log(response.status, await response.json());",
      ].join("\n");
    case "python":
      return [
        "import json, os, urllib.request",
        "",
        "request = urllib.request.Request(",
        `    ${JSON.stringify(url)},`,
        `    headers={"Authorization": f"Bearer {os.environ['${VARIABLE}']}"},`,
        ")",
        "print(json.load(urllib.request.urlopen(request)))",
      ].join("\n");
    case "github":
      return `gh secret set ${VARIABLE}`;
    default:
      return key;
  }
}

/**
 * What an answer to the account's read tells of the key that was tried: the same rule as a rotation's. Only
 * the account itself, or the API's own word that the key's user may not read it, proves that the key works.
 */
export function judged({ status, body }, accountId) {
  if (status === 200 && body?.name === `accounts/${accountId}`)
    return { tone: "good", text: "It works: it reads the account." };
  if (status === 403 && body?.code === 7)
    return { tone: "good", text: "It works: the service knows it. Its user may not read the account." };
  if (status === 401)
    return {
      tone: "warning",
      text: "Not known yet. A key that was just made can take half a minute: try again then.",
    };
  // A redirect is not followed, and a browser does not tell its status.
  const what =
    status === undefined
      ? "no answer arrived"
      : status === 0
        ? "the answer leads elsewhere"
        : `the answer (${status}) is not your account`;
  return { tone: "warning", text: `Not known whether it works: ${what}.` };
}
