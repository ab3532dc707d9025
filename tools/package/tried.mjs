// Whether docs/tried.md tells of the package as it is now.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Where it is written what the packed package was tried with. */
export const DOCUMENT = join(root, "docs/tried.md");

/** A hash of what decides which file a framework gets, and how that file gets the module. */
export async function entries() {
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const sum = createHash("sha256").update(JSON.stringify(exports));
  const folder = join(root, "src/js/entry");
  for (const name of (await readdir(folder)).sort())
    sum.update(name).update(await readFile(join(folder, name)));
  return sum.digest("hex").slice(0, 16);
}
