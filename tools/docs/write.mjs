// Writes the API reference, made by TypeDoc from the types in dist/, into the folder that is named.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Converter, ReflectionKind } from "typedoc";

const here = fileURLToPath(new URL(".", import.meta.url));
const [out] = process.argv.slice(2);
if (out === undefined) throw new Error("name the folder to write into");

await rm(out, { recursive: true, force: true });
const app = await Application.bootstrapWithPlugins({ options: here, out });
// What a class inherits from JavaScript's own errors is no way for a caller to make one.
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const made of project.getReflectionsByKind(ReflectionKind.Constructor)) {
    if (made.signatures?.every(({ comment }) => !comment)) project.removeReflection(made);
  }
});
const project = await app.convert();
if (!project) throw new Error("the types cannot be read");
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;

// Each page is about one import, so its title is what people import.
for (const file of await readdir(out, { recursive: true })) {
  if (!file.endsWith(".md")) continue;
  const path = join(out, file);
  const entry = relative(out, path)
    .replace(/\.md$/, "")
    .replace(/^(README|index)$/, "");
  const title = ["fireworks-keys", entry].filter(Boolean).join("/");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/^# .*$/m, `# ${file === "README.md" ? "API reference" : title}`));
}
