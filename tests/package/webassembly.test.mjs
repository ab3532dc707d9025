// What frameworks do to the built files' text: Turbopack moves each call of WebAssembly for an edge route
// into a function of its own, that is neither async nor a generator.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { folder, prepare, tool } from "../matrix/fixture.mjs";

let parseAst;

before(async () => {
  await prepare();
  ({ parseAst } = await tool("rollup/parseAst"));
});

/** What means something else, or nothing, in another function. */
const BOUND = new Set(["AwaitExpression", "YieldExpression", "ThisExpression", "Super", "MetaProperty"]);

const children = (node) =>
  Object.values(node)
    .flat()
    .filter((child) => typeof child?.type === "string");

/** The calls of WebAssembly in a script. */
function callsIn(node) {
  const isCall = node.type === "CallExpression" || node.type === "NewExpression";
  const { object } = (isCall && node.callee) || {};
  const name = object?.type === "MemberExpression" ? object.property.name : object?.name;
  return [...(name === "WebAssembly" ? [node] : []), ...children(node).flatMap(callsIn)];
}

/** What stands in a call's arguments and is bound to the function around it. */
function boundIn(node) {
  if (node.type === "FunctionExpression") return [];
  // It has no `this` of its own, but what it awaits is its own.
  if (node.type === "ArrowFunctionExpression")
    return children(node)
      .flatMap(boundIn)
      .filter((type) => type !== "AwaitExpression");
  const isArguments = node.type === "Identifier" && node.name === "arguments";
  return [...(BOUND.has(node.type) || isArguments ? [node.type] : []), ...children(node).flatMap(boundIn)];
}

const boundInCalls = (script) => callsIn(parseAst(script)).flatMap((call) => call.arguments.flatMap(boundIn));

test("what is looked for is found", () => {
  for (const [script, found] of [
    ["async (a) => WebAssembly.compile(await a)", ["AwaitExpression"]],
    ["async (a) => globalThis.WebAssembly.instantiate(a, { b: [await a] })", ["AwaitExpression"]],
    ["async (a) => new WebAssembly.Instance(...(await a))", ["AwaitExpression"]],
    ["(function () { WebAssembly.compile(this.bytes, arguments) })", ["ThisExpression", "Identifier"]],
    ["async (a) => await WebAssembly.compile(a)", []],
    ["async (a) => WebAssembly.compile(async () => await a)", []],
    ["(function () { WebAssembly.compile(() => this.bytes) })", ["ThisExpression"]],
  ]) {
    assert.deepEqual(boundInCalls(script), found, script);
  }
});

test("a call of WebAssembly can be moved into another function", async () => {
  const dist = join(folder, "node_modules/fireworks-keys/dist");
  const files = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(".js"));
  let calls = 0;
  for (const file of files) {
    const script = await readFile(join(dist, file), "utf8");
    calls += callsIn(parseAst(script)).length;
    assert.deepEqual(boundInCalls(script), [], file);
  }
  assert.ok(calls >= 4 * 4, `${calls} calls in ${files}`);
});
