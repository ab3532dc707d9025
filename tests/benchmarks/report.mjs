// Writes the results as BENCHMARKS.md.

import { PLAIN } from "./broker.mjs";
import { BY_HAND, OPENAI, OURS, WARM } from "./peers.mjs";

const table = (names, rows) =>
  [names, names.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
const kb = (bytes) => `${(bytes / 1_000).toFixed(1)} KB`;
const times = ({ median, low, high }) => `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const ms = (value) => `${value.toFixed(1)} ms`;
const us = (value) => (value < 1_000 ? `${value.toFixed(0)} µs` : `${(value / 1_000).toFixed(1)} ms`);

// Figures from the time of each change; later runs cannot measure them.
const CHANGES = `## What changes have bought

What a worker ships was first taken apart (WebAssembly's functions by size; Node's processor profile of 20 \
000 creates), then changed one thing at a time. Sizes are the module's, brotli 11; creates are those of one \
loop with a stub fetch, beside the same loop by hand, so that they differ from the table above, where all \
peers take turns.

| change | before | after |
| --- | --- | --- |
| rotation, all of it | 39.2 KB | 48.4 KB |
| JavaScript minified, classes named | 12.6 KB of JavaScript | 9.3 KB |
| no substring search for one character | 50.6 KB | 49.7 KB |
| one copy of the loop over pages, not one for each use | 49.7 KB | 48.8 KB |
| what is wrong with an option handed on in a box | 48.8 KB | 46.9 KB |
| failures handed on in a box | 46.9 KB | 46.2 KB |
| stack and data in one page | 3 pages after a call | 2 pages |
| what a runtime is asked once; random tags drawn 32 at a time | 4.3 × | 3.5 × a create |
| options read in one call of JavaScript, not one for each name | 3.5 × | 2.8 × a create |
| a list's items not waited for twice | 1.32 × | 1.22 × reading by hand |
| a list's items without an asynchronous generator | 1.23 × | 1.12 × reading by hand |
| fetch told a request's body beside it, which Node need not pipe then | 1.20 × | 0.99 × a create over \
loopback; 1.7 × to 1.3 × of 1 000 at once |
| an answer's fields read in one call each, its headers only where somebody asks | 5.5 × | 2.9 × an audit |
| options that say which of them are there, and fewer promises | 180 calls into JavaScript a create | 87 |
| the default entry decoded in one call where there is one, and not through a Blob | 0.94 × | 0.71 × \
\`openai\`'s first call in Chromium |
| names of the glue's imports without their hashes (not in a debug build) | 55.8 KB shipped in a worker | \
53.4 KB |
| times and numbers read byte by byte, without the machinery for searching text | 53.1 KB | 51.7 KB |
| texts joined with + | 51.7 KB | 51.1 KB |
| what a misspelt option may mean said by JavaScript | 50.8 KB | 49.7 KB |
| marks sorted as texts and put without an iterator, a connection shared | 49.7 KB | 48.3 KB |
| one export for every operation, whose options are read where they are used | 64.9 KB shipped in a worker | \
63.6 KB |
| panics trap at once: nothing shows their words here | 63.6 KB | 63.0 KB |
| each operation's future in a box of its own, wasm-opt with \`--flatten --rereloop\` | 63.0 KB | 62.5 KB |
| the base URL checked in JavaScript, which parses it | 62.5 KB | 61.7 KB |
| glue that loads nothing but a compiled module | 61.7 KB | 61.3 KB |

Tried and left: \`opt-level = "s"\` (51.4 KB where "z" gave 49.3), LLVM's inlining thresholds (49.5 to 59.4 \
KB), further passes of wasm-opt (0.3 KB at the most, of which half needs a promise about low memory), one \
sort for every type (0.1 KB more), every step of a rotation in a box (0.1 KB), a path encoder of our own \
instead of \`percent-encoding\` (0.25 KB), tail calls (0.1 KB more), a nightly standard library optimised \
for size that aborts at once (2.7 KB: no option is offered for that), structs copied in one instruction \
each (0.9 KB, and 20 % of a create's processor time), functions in the order of their likeness (0.6 KB), or \
of their names (0.2 KB), common instructions hoisted and sunk (0.1 KB more).

Where the rest is, in brotli and taken before the last five changes, from what the module loses without \
each: rotation 8.4 KB, options 7.0, listing, deleting and what all requests share 5.5, create and sweep 4.7, \
sending a request 3.0, strings and vectors 2.6, the core library 2.4, audit 2.2, dropping values 2.2, \
serialization 2.1, formatting 1.6, promises 1.0; data 4, the other sections 1.5. A line of Rust \
comes to 30 to 40 bytes, four times what the same comes to in TypeScript: 20 KB would mean a lifecycle in \
TypeScript, or rotation and audit in a module of their own, which everybody who uses one of them would load \
as well. A first request in workerd is code that runs for the first time, in both; engines \
compile a function when it is first called, which \`init()\` at module scope has done before.`;

const PLATFORMS = { node: "Node", workerd: "workerd", chromium: "Chromium" };

/** The tables of what a create costs where nothing is sent. */
export function creates(stub) {
  const platforms = Object.keys(PLATFORMS);
  const compare = (title, base, cell) =>
    table(
      [title, ...Object.values(PLATFORMS)],
      Object.keys(stub.node.byHand).map((peer) => [
        peer,
        ...platforms.map((platform) => cell(stub[platform][base][peer])),
      ]),
    );
  return `Processor time with a fetch that answers at once: of the process in Node and in workerd, of \
the page's main thread in Chromium. In a browser each create of \`fireworks-keys\` also lists the keys, \
because the browser may have sent it twice: its figure there is that of two requests, where the others send \
one.

${compare(`beside ${BY_HAND}`, "byHand", ({ ratio }) => times(ratio))}

${compare("beside `openai`", "openai", ({ ratio }) => times(ratio))}

${compare("each", "byHand", ({ median }) => us(median))}

A create makes ${stub.crossings} calls into JavaScript.`;
}

/** The table of a worker's first request and of a page's first call. */
export function starts({ worker, page }) {
  const { wall, cpu, init } = worker;
  return `A fresh workerd process answers its first request (processor time, and time by the clock, both \
from when it listens); a fresh page of Chromium imports the code and makes its first call.

${table(
  [
    "",
    ...["workerd, CPU, beside `openai`", "workerd, time, beside `openai`"],
    ...["workerd, CPU", "workerd, time", "Chromium, time, beside `openai`"],
  ],
  Object.keys(wall).map((peer) => [
    peer,
    times(cpu[peer].ratio),
    times(wall[peer].ratio),
    ms(cpu[peer].median),
    ms(wall[peer].median),
    page.openai[peer] ? times(page.openai[peer].ratio) : "",
  ]),
)}

\`init()\` at module scope adds ${times(init.cpu)} ms of processor time to a worker's start, and \
${times(init.wall)} ms by the clock.`;
}

/** The rows of the first table: what must be, what would be good, and what is. */
function targets(results) {
  const { sizes, stub, loopback, flight, worker, page, lists, memory, orphans } = results;
  const ofHand = (figures) => times(figures[OURS].ratio);
  const listed = (count) => times(lists[count].ways["`listApiKeys`, `for await`"].ratio);
  const limits = {
    node: { byHand: ["≤ 1.63", "≤ 1.5"], openai: ["≤ 0.87", "≤ 0.8"] },
    workerd: { byHand: ["≤ 2.18", "≤ 1.8"], openai: ["≤ 0.68", "≤ 0.6"] },
    chromium: { byHand: ["≤ 2.29", "≤ 1.9"], openai: ["≤ 0.85", "≤ 0.7"] },
  };
  const platforms = Object.entries(PLATFORMS);
  const compare = (base, name) =>
    platforms.map(([key, platform]) => [
      `CPU of a create, stub fetch, beside ${name}: ${platform}`,
      ...limits[key][base],
      ofHand(stub[key][base]),
    ]);
  const first = ([how, name], ...limits) =>
    Object.entries({ CPU: worker.cpu, time: worker.wall }).map(([what, figures]) => [
      `first request in workerd beside ${OPENAI}, ${how}: ${what}`,
      ...limits,
      times(figures[name].ratio),
    ]);
  return [
    ["calls into JavaScript for a create", "≤ 50", "≤ 35", stub.crossings],
    ...compare("byHand", BY_HAND),
    ...compare("openai", OPENAI),
    [
      `a create over loopback, the platform's own fetch, beside ${BY_HAND}`,
      "≤ 1.05",
      "",
      ofHand(loopback.byHand),
    ],
    ...first(["`init()` at module scope", WARM], "≤ 0.6", "≤ 0.5"),
    ...first(["without `init()`", OURS], "≤ 0.9", "≤ 0.75"),
    [
      `first call in Chromium, import and compile included, beside ${OPENAI}`,
      "≤ 0.6",
      "",
      ofHand(page.openai),
    ],
    ["what a worker ships, brotli 11", "≤ 47 KB", "≤ 42 KB", kb(sizes[OURS].worker)],
    ["what a page ships, brotli 11", "≤ 53 KB", "≤ 48 KB", kb(sizes[OURS].page)],
    ["10 000 keys listed, beside `fetch().json()`", "≤ 1.2", "", listed(10_000)],
    ["100 000 keys listed, beside `fetch().json()`", "≤ 1.2", "≤ 1.12", listed(100_000)],
    ["linear memory at the start, pages", "2", "", memory.start],
    [`linear memory after ${memory.calls} calls, pages`, "2", "", memory.end],
    ["1 000 creates in flight, wall time beside `fetch` by hand", "≤ 1.2", "", ofHand(flight.byHand)],
    ["requests that those came to", "1 000", "", flight.requests],
    [
      `orphans after ${orphans.rows[0].creates} creates with ${orphans.lost * 100} % of the answers lost`,
      "0",
      "",
      orphans.rows[0].orphans,
    ],
  ];
}

/** The text of BENCHMARKS.md. */
export function report(results) {
  const { sizes, stub, loopback, flight, lists, growth, orphans, broker } = results;
  const peers = Object.keys(sizes);
  const slow = lists[100_000].ways;
  return `# Benchmarks

Written by \`cargo xtask bench\` on ${results.date}. Machine: ${results.machine}, shared with others. \
Versions: ${Object.entries(results.versions)
    .map((pair) => pair.join(" "))
    .join(", ")}.

Whatever depends on time is a ratio: all peers are measured in turns, and each turn's figure is divided by \
that of another peer in the same turn. What is told is the median, with the middle half of the turns in \
brackets. Every peer sends one POST with the same timeout and reads the same JSON.

## Beside the targets

${table(["figure", "must", "goal", "measured"], targets(results))}

## What is shipped

Bytes after esbuild's minification, brotli 11: \`fireworks-keys\` with create, list, delete, rotate and \
audit, the others with what one create needs. In a worker the module is a file of its own; in a page it is \
compressed inside the JavaScript.

${table(
  ["", "worker", "page"],
  peers.map((peer) => [peer, kb(sizes[peer].worker), kb(sizes[peer].page)]),
)}

CI fails above the budgets in \`tests/benchmarks/sizes.mjs\` (\`cargo xtask bench --budget\`).

## One create

${creates(stub)}

Over loopback, and 1 000 creates started at once over loopback, by the clock:

${table(
  ["", `one, beside ${BY_HAND}`, "1 000 at once, beside `fetch` by hand"],
  peers.map((peer) => [peer, times(loopback.byHand[peer].ratio), times(flight.byHand[peer].ratio)]),
)}

## The first call

${starts(results)}

## Many keys

Pages of 1 000 keys, beside reading the same pages by hand; in MB, what the result holds of JavaScript's heap.

${table(
  ["", ...Object.keys(lists).flatMap((count) => [`${count} keys`, "MB"])],
  Object.keys(slow).map((way) => [
    way,
    ...Object.values(lists).flatMap(({ ways, memory }) => [times(ways[way].ratio), memory[way].toFixed(1)]),
  ]),
)}

## How cost grows

${table(
  ["keys", "listed", "audited", "held by the list", "held by the audit"],
  Object.entries(lists).map(([count, { ways, memory }]) => [
    count,
    `${ways["`listApiKeys`, `for await`"].median.toFixed(1)} ms`,
    `${ways["`auditApiKeys`"].median.toFixed(1)} ms`,
    `${memory["`listApiKeys`, `for await`"].toFixed(1)} MB`,
    `${memory["`auditApiKeys`"].toFixed(1)} MB`,
  ]),
)}

Time grows with the number of keys to the power of ${growth.slopes.listed.toFixed(2)} (listed) and \
${growth.slopes.audited.toFixed(2)} (audited); 1 is linear.

${table(
  ["creates under way", "time of each", "module's memory, pages of 64 KiB"],
  Object.entries(growth.inFlight).map(([count, { us: each, pages }]) => [count, us(each), pages]),
)}

${table(
  ["annotations", "time of a create", "module's memory, pages of 64 KiB"],
  Object.entries(growth.annotations).map(([count, { us: each, pages }]) => [count, us(each), pages]),
)}

What limits one isolate: it has one thread, so that creates under way share one processor, and they take \
memory until they are answered; the module's own is capped at 256 MiB, above which the instance fails and is \
replaced. A browser opens at most six HTTP/1.1 connections to a host, so that a burst of creates there waits \
in line. On Cloudflare Workers an isolate has 128 MB for everything, an invocation may have six connections \
waiting for their answers at a time, and may make 50 subrequests on the free plan and 10 000 on the paid one \
([limits](https://developers.cloudflare.com/workers/platform/limits/)); each request may run in another \
isolate, so that an edge platform multiplies isolates as requests come in, and nothing here is shared \
between them. Beyond that the service's own rate limits decide, which are not published for these \
operations.

${CHANGES}

## The key broker

In workerd, with one Durable Object of each of ${broker.members} members on disk: a mint verifies a signed \
token, has the ledger write it down before and after, and creates the key; by hand it only creates one. \
${broker.mints} mints a round, ten at a time, against the same emulator.

${table(
  ["", "mints a second", `time, beside ${PLAIN}`],
  Object.entries(broker.plain).map(([way, { ratio, median }]) => [
    way,
    ((broker.mints / median) * 1_000).toFixed(0),
    times(ratio),
  ]),
)}

The process holds ${mb(broker.memory.before)} before and ${mb(broker.memory.after)} after \
${broker.memory.mints} mints of each kind.

## The key console

10 000 keys in Chromium, from a service on loopback: loaded in ${results.console.load.toFixed(0)} ms, sorted \
in ${results.console.sort.toFixed(0)} ms, filtered in ${results.console.filter.toFixed(0)} ms, the timeline \
opened in ${results.console.timeline.toFixed(0)} ms, with ${results.console.rows} rows in the document. The \
longest task of all that, of exporting all keys and of asking whether to revoke them all took \
${results.console.longest.toFixed(0)} ms (0: less than 50), and the layout shifted by \
${results.console.shift.toFixed(3)}.

## Orphans

${orphans.rows[0].creates} creates each against the same emulator, which drops the connection after the \
commit for ${orphans.lost * 100} % of them (the same seed for everybody). An orphan is a live key whose \
secret nobody was given; \`told\` counts those creates whose caller was told that there may be one, with the \
tag that \`deleteOrphans\` finds it by.

${table(["client", "creates", "keys returned", "orphans", "told"], orphans.rows.map(Object.values))}
`;
}
