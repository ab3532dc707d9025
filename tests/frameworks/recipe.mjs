// The files of docs/recipes.md and docs/testing.md, as they stand there but for the service that they ask.
// Each framework runs its own.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../matrix/fixture.mjs";

const pages = ["docs/recipes.md", "docs/testing.md"].map((page) => readFile(join(root, page), "utf8"));
const text = (await Promise.all(pages)).join("\n");

/** The environment in which recipes find their token. */
export const TOKEN = { FIREWORKS_API_KEY: "fw_local_admin" };

/** The file as it stands in the documents. */
export function written(file) {
  const [, after] = text.split(new RegExp(`^\`\`\`\\w+ ${file.replaceAll(/[.$+]/g, "\\$&")}\\n`, "m"));
  assert.ok(after, `no page has ${file}`);
  return after.split("\n```")[0];
}

/** The same, which asks this project's emulator. */
export function recipe(file, project) {
  const block = written(file);
  const { baseUrl, displayName } = JSON.parse(project.options);
  const asks = `accountId: "local", baseUrl: "${baseUrl}", displayName: "${displayName}",`;
  const fields = Object.entries({ baseUrl, displayName }).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}" />`,
  );
  const adapted = block.replace('accountId: "acme",', asks).replace("<form>", `<form>${fields.join("")}`);
  assert.notEqual(adapted, block, file);
  return adapted;
}
