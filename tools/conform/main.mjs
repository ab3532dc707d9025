// `cargo xtask conform`: asks a service whether it is as believed. It deletes every key that it made, after
// Ctrl-C and after a failure too, and prints no token, id or e-mail.

import { parseArgs } from "node:util";
import { BELIEFS } from "./beliefs.mjs";
import { writeDocument } from "./document.mjs";
import { startEmulator } from "./emulator.mjs";
import { hiding } from "./hide.mjs";
import { LONG_QUESTIONS, QUESTIONS } from "./questions.mjs";
import { row, summary, table } from "./report.mjs";
import { KEYS, NotAsked, Run } from "./run.mjs";
import { Interrupted, Lost, Session } from "./session.mjs";
import { Misuse, readTarget } from "./target.mjs";
import { tidy } from "./tidy.mjs";

const OPTIONS = {
  "live": { type: "boolean", default: false },
  "base-url": { type: "string" },
  "long": { type: "boolean", default: false },
  "json": { type: "boolean", default: false },
  "docs": { type: "boolean", default: false },
};

/** The exit codes: a belief that does not hold, or a key that may be left; a wrong option; Ctrl-C. */
const OTHERWISE = 1;
const MISUSE = 2;
const INTERRUPTED = 130;

const hide = hiding();
// With --json, standard output holds nothing else.
let say = (text) => console.log(hide.text(text));

/** Runs it, and returns the exit code. */
async function main() {
  const { values } = options();
  if (values.docs) return await writeDocument();
  if (values.json) say = (text) => console.error(hide.text(text));
  const target = readTarget({ live: values.live, baseUrl: values["base-url"] }, process.env);
  for (const name of ["token", "adminToken"]) hide.add(target[name], "a token");
  const emulator = target.baseUrl === undefined ? await startEmulator() : undefined;
  try {
    if (emulator) target.baseUrl = emulator.url;
    else {
      // A name of the emulator's, such as "local", is no secret, and a word of the text.
      hide.add(target.accountId, "the account");
      hide.add(target.userId, "the user");
    }
    return await ask(target, values);
  } finally {
    emulator?.stop();
  }
}

function options() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    throw new Misuse(error.message);
  }
}

async function ask(target, { long, json }) {
  const session = new Session(target, hide, say);
  const run = new Run(session, target);
  const questions = { ...QUESTIONS, ...(long ? LONG_QUESTIONS : {}) };
  say(announcement(target, run, Object.keys(questions).length, long));
  let interrupts = 0;
  const interrupt = () => {
    interrupts += 1;
    say(interrupts === 1 ? "\nInterrupted: deleting the keys." : "\nStill deleting the keys.");
    if (interrupts === 1) session.interrupt();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, interrupt);
  const found = new Map();
  let left;
  try {
    await askAll(run, questions, found);
  } finally {
    left = await tidy(session, target, run.tag).catch((error) => [`tidying up failed: ${error.message}`]);
  }
  const rows = BELIEFS.map((belief) => {
    const why = belief.id in questions ? "not asked: interrupted" : "needs --long";
    return row(belief, found.get(belief.id) ?? { why, at: new Date().toISOString() });
  });
  say(`\n${table(rows)}\n\n${summary(rows)}; ${session.count} requests.`);
  for (const key of left) say(`May be left: ${key}`);
  if (left.length === 0) say("Every key of this run is deleted.");
  if (json) console.log(hide.text(JSON.stringify({ rows, left, requests: session.count }, null, 2)));
  if (interrupts > 0) return INTERRUPTED;
  return left.length > 0 || rows.some(({ verdict }) => verdict === "otherwise") ? OTHERWISE : 0;
}

/** What a run will do. */
function announcement({ baseUrl }, { tag }, count, long) {
  const usual = [
    `This asks ${baseUrl} ${count} questions, one request at a time. It makes up to ${KEYS.usual} keys for`,
    "the user, which end within ten minutes and are deleted at the end; their names and annotations hold",
    `${tag}.`,
  ];
  const more = [
    `${KEYS.long - KEYS.usual} more, made last and deleted at once, cannot: one has no name and no end, the`,
    "other lives ten years.",
  ];
  return [...usual, ...(long ? more : [])].join(" ");
}

async function askAll(run, questions, found) {
  for (const [id, question] of Object.entries(questions)) {
    run.session.question = id;
    const answer = {};
    try {
      answer.found = await question(run);
    } catch (error) {
      if (error instanceof Interrupted || run.session.isInterrupted) return;
      if (!(error instanceof Lost || error instanceof NotAsked)) throw error;
      answer.why = `${error instanceof Lost ? "no answer" : "not asked"}: ${error.message}`;
    }
    found.set(id, { ...answer, at: new Date().toISOString() });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(hide.text(error instanceof Misuse ? error.message : `${error.stack}`));
  process.exitCode = error instanceof Misuse ? MISUSE : OTHERWISE;
}
