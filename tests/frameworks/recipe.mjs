// The files of docs/recipes.md, as they stand there but for the service that they ask: the cells' frameworks run
// them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../matrix/fixture.mjs";

const text = await readFile(join(root, "docs/recipes.md"), "utf8");

/** The environment in which recipes find their token. */
export const TOKEN = { FIREWORKS_API_KEY: "fw_local_admin" };

/** The recipe's file, which asks this project's emulator. */
export function recipe(file, project) {
  const [, code] = text.split(`\`\`\`${file.split(".").at(-1).replace("mjs", "js")} ${file}\n`);
  assert.ok(code, `there is no recipe ${file}`);
  const [block] = code.split("\n```");
  const { baseUrl, displayName } = JSON.parse(project.options);
  const asks = `accountId: "local", baseUrl: "${baseUrl}", displayName: "${displayName}",`;
  const fields = Object.entries({ baseUrl, displayName }).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}" />`,
  );
  const adapted = block.replace('accountId: "acme",', asks).replace("<form>", `<form>${fields.join("")}`);
  assert.equal(adapted !== block, block.includes("createApiKey"), file);
  return adapted;
}
