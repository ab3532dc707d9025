// Tests that the Rust code, the types and the documents agree on the options' names and defaults.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, prepare, root, run, write } from "../matrix/fixture.mjs";

const read = (path) => readFile(join(root, path), "utf8");
const [table, types, patience, functions, rotation] = await Promise.all(
  [
    ...["src/options/table.rs", "src/js/types.ts", "src/js/patience.ts"],
    ...["docs/functions.md", "docs/rotation.md"],
  ].map(read),
);

/** The options in Rust: their names and defaults, as the types write them, by the name of their list. */
const LISTS = Object.fromEntries(
  Array.from(table.matchAll(/^static (\w+): &\[Spec\] = &\[([\s\S]*?)\];/gm), ([, list, items]) => [
    list,
    Array.from(
      items.matchAll(/(option|required)\(\s*"(\w+)",\s*Kind::(\w+),\s*(.+?),?\s*\)(?=[,\s]|$)/g),
      (found) => {
        const [, function_, name, kind, value] = found;
        return { name, value: function_ === "option" ? written(kind, value) : undefined };
      },
    ),
  ]),
);

/** A default as the types write it; undefined if there is none. */
function written(kind, value) {
  const [, type, text] = /^(\w+)(?:\((.+)\))?$/.exec(value);
  if (type === "Nothing") return undefined;
  if (kind !== "Duration") return text.replace(/\.0$/, "");
  return `"${Number.parseFloat(/^(.+) \* DAY_S$/.exec(text)[1])}d"`;
}

const namesOf = (list) => LISTS[list].map(({ name }) => name);

/** The options that each operation accepts in Rust. */
const OPERATIONS = Object.fromEntries(
  Array.from(table.matchAll(/^pub static (\w+): Table = &\[([^\]]*)\];/gm), ([, operation, lists]) => [
    operation,
    Array.from(lists.matchAll(/\w+/g), ([list]) => namesOf(list)).flat(),
  ]),
);

/** The type of each operation's options. */
const TYPES = {
  CREATE: ["CreateApiKeyOptions"],
  DELETE: ["DeleteApiKeyOptions"],
  DELETE_ORPHANS: ["DeleteOrphansOptions"],
  LIST_KEYS: ["ListApiKeysOptions"],
  LIST_USERS: ["ListUsersOptions"],
  LIST_ACCOUNTS: ["ListAccountsOptions"],
  AUDIT: ["AuditApiKeysOptions"],
  ROTATE: ["RotateApiKeyOptions"],
  DEFAULTS: ["ClientOptions"],
};

/** The defaults in Rust, by the option's name. */
const DEFAULTS = Object.fromEntries(
  Object.values(LISTS)
    .flat()
    .filter(({ value }) => value !== undefined)
    .map(({ name, value }) => [name, value]),
);

before(prepare);

test("the types have the names that the module reads, and no others", async () => {
  assert.deepEqual(Object.keys(OPERATIONS), Object.keys(TYPES));
  const checks = Object.entries(TYPES).flatMap(([operation, names]) => {
    assert.ok(OPERATIONS[operation].length > 10, operation);
    const known = [...new Set(OPERATIONS[operation])].map((name) => JSON.stringify(name)).join(" | ");
    return names.map((name) => `export const of${name}: Same<Names<p.${name}>, ${known}> = true;`);
  });
  const text = [
    'import type * as p from "fireworks-keys";',
    "type Names<Options> = Options extends unknown ? keyof Options : never;",
    "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : Exclude<B, A>) : Exclude<A, B>;",
    ...checks,
  ].join("\n");
  const file = await write("options/names.ts", text);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const common = ["--ignoreConfig", "--noEmit", "--strict", "--target", "es2022", "--lib", "es2023,dom"];
  const modules = ["--module", "esnext", "--moduleResolution", "bundler", "--types", ""];
  await run(process.execPath, [compiler, ...common, ...modules, file], { cwd: folder });
});

test("the types have the defaults that the module has, and no others", () => {
  const documented = {};
  for (const [, comment, name] of types.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+(\w+)\??:/g)) {
    const [, value] = /@default (.+?)\s*$/m.exec(comment) ?? [];
    if (value !== undefined) documented[name] = value;
  }
  // This default is random for each create, so Rust has no constant for it.
  assert.equal(documented.attemptTag, "128 random bits");
  delete documented.attemptTag;
  assert.deepEqual(documented, DEFAULTS);
});

test("waiting for the module takes the default of the whole operation", () => {
  const [, limit] = /limitMs: ([\d_]+)/.exec(patience);
  assert.equal(limit, DEFAULTS.totalTimeoutMs);
});

/** The rows of the table, in the text of a page, that contains this option. */
function tableWith(option, page) {
  const [table] = page.split(/\n\n/).filter((block) => block.includes(`\n| \`${option}`));
  assert.ok(table, `the page has a table with ${option}`);
  const [head, , ...rows] = table
    .trim()
    .split("\n")
    .map((row) => row.split("|").slice(1, -1));
  assert.deepEqual(
    head.map((cell) => cell.trim()),
    ["option", "meaning", "default"],
  );
  return rows.map(([names, , value]) => ({
    names: Array.from(names.matchAll(/`(\w+)/g), ([, name]) => name),
    value: value.trim(),
  }));
}

for (const [option, page, lists] of [
  ["token", functions, ["COMMON", "OF_ACCOUNT", "OF_USER"]],
  ["displayName", functions, ["OF_CREATES", "LIFETIME", "OF_ONE_CREATE"]],
  ["pageSize", functions, ["OF_LISTS", "OF_ORDERED_LISTS", "OF_ONE_LIST"]],
  ["persist", rotation, ["OF_ROTATIONS", "LIFETIME", "OF_ONE_KEY"]],
]) {
  test(`the documents' table with ${option} has the names and defaults that the module has`, () => {
    const rows = tableWith(option, page);
    const named = rows.flatMap(({ names }) => names);
    assert.deepEqual(named.sort(), lists.flatMap(namesOf).sort());
    for (const { names, value } of rows) {
      for (const name of names) {
        if (DEFAULTS[name] === undefined) assert.doesNotMatch(value, /^`|^\d/, name);
        else assert.equal(plain(value), plain(DEFAULTS[name]), name);
      }
    }
  });
}

test("the documents' findings name the thresholds that the module has", () => {
  for (const name of ["staleAfter", "expiringWithin"]) {
    const [, days] = new RegExp(`\`${name}\` \\((\\d+) days\\)`).exec(functions) ?? [];
    assert.equal(`"${days}d"`, DEFAULTS[name], name);
  }
});

/** A value without the quotes and separators that the three places add. */
function plain(value) {
  return value.replace(/[`"_ \u00a0\u202f]/g, "");
}
