// Packs the package as it is published. npm shows the README where no file of the repository is beside it, so
// there each of its links leads to the repository.

import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { DOCUMENT, entries } from "./tried.mjs";

const exec = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const npm = async (args, cwd) => {
  const { stdout } = await exec("npm", [...args, "--json", "--ignore-scripts"], { cwd });
  const [{ filename, integrity }] = Object.values(JSON.parse(stdout));
  return { filename, integrity };
};

/** What stands for the repository's owner until there is one. */
const PLACEHOLDER = "OWNER";

/**
 * Makes the tarball in this folder, from what is built. `target/package` holds the same files. With
 * `isRelease`, nothing may stand against one.
 */
export async function pack(destination, isRelease = false) {
  const staged = join(root, "target/package");
  await rm(staged, { recursive: true, force: true });
  await mkdir(staged, { recursive: true });
  const { filename } = await npm(["pack", "--pack-destination", staged], root);
  await exec("tar", ["xzf", filename, "--strip-components=1"], { cwd: staged });
  await rm(join(staged, filename));

  const at = (file) => join(staged, file);
  // Marked as private in the repository, where `npm publish` would publish a README with links to nowhere.
  const { private: _, devDependencies, ...manifest } = JSON.parse(await readFile(at("package.json")));
  const { url } = manifest.repository;
  if (isRelease) {
    const against = obstacles(url, await readFile(DOCUMENT, "utf8").catch(() => ""), await entries());
    if (against.length > 0) throw new Error(against.join("\n"));
  }
  await writeFile(at("package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  const address = url.replace(/^git\+/, "").replace(/\.git$/, "");
  const readme = await readFile(at("README.md"), "utf8");
  await writeFile(at("README.md"), linked(readme, address, `v${manifest.version}`));

  await mkdir(destination, { recursive: true });
  const packed = await npm(["pack", "--pack-destination", destination], staged);
  return { tarball: join(destination, packed.filename), integrity: packed.integrity };
}

/** What stands against a release, from the repository's address, docs/tried.md, and the entries of today. */
export function obstacles(url, tried, entries) {
  return [
    url.includes(PLACEHOLDER) && `repository in package.json is a placeholder: ${url}`,
    !tried.includes(`entries ${entries}`) &&
      "docs/tried.md is older than the entries or the exports: cargo xtask test frameworks --record",
  ].filter(Boolean);
}

/** A text whose relative links, in Markdown and in HTML, lead to the repository as it is at a tag. */
export function linked(text, repository, tag) {
  const absolute = (path) =>
    /^(#|[a-z]+:)/.test(path)
      ? path
      : `${repository}/${/\.(png|svg|webp)$/.test(path) ? "raw" : "blob"}/${tag}/${path}`;
  return text
    .replace(/(\]\()([^)\s]+)/g, (_, before, path) => before + absolute(path))
    .replace(/( (?:src|srcset|href)=")([^"\s]+)/g, (_, before, path) => before + absolute(path));
}

if (process.argv[1] === import.meta.filename) {
  const { tarball } = await pack(join(root, "target"), process.argv.includes("--release"));
  console.log(tarball);
}
