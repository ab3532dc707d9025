// Starts a real redis-server for a test, on loopback and with its files in a folder of its own, and speaks
// to it without a client library.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../matrix/workerd.mjs";

const BINARY = process.env.REDIS_SERVER ?? "redis-server";

/** Writes each command to disk before it is answered. */
const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];

const running = new Set();
const endAll = () => {
  for (const child of running) child.kill("SIGKILL");
};
process.on("exit", endAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    endAll();
    process.kill(process.pid, signal);
  });
}

/** Starts a server, and resolves when it answers. `args` are added to its options. */
export async function startRedis({ args = DURABLE } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "fireworks-keys-redis-"));
  let port;
  let child;
  for (let attempt = 0; child === undefined; attempt += 1) {
    port = await freePort();
    // Another process may have taken the port.
    child = await run(port, folder, args).catch((error) => {
      if (attempt === 3) throw error;
    });
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    connect: () => connectTo(port),
    /** Kills the process as a power cut would. */
    kill9: () => end(child, "SIGKILL"),
    /** Starts it again, in the same folder and on the same port. */
    restart: async () => {
      child = await run(port, folder, args);
    },
    stop: async () => {
      await end(child, "SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(port, folder, args) {
  const local = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const child = spawn(BINARY, [...local, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const closed = once(child, "close");
  let said = "";
  for await (const line of createInterface({ input: child.stdout })) {
    said += `${line}\n`;
    if (!line.includes("Ready to accept connections")) continue;
    child.stdout.resume();
    return child;
  }
  const [code] = await closed;
  throw new Error(`${BINARY} ended with ${code}: ${said}`);
}

async function end(child, signal) {
  if (!running.has(child)) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/**
 * A connection that has a `send` for the ledger. A reply that is an error rejects, and so does what waits
 * when the connection ends.
 */
async function connectTo(port) {
  const socket = connect(port, "127.0.0.1").setNoDelay();
  await once(socket, "connect");
  const waiting = [];
  let unread = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    for (let read = readReply(unread, 0); read !== undefined; read = readReply(unread, 0)) {
      unread = unread.subarray(read.end);
      const { resolve, reject } = waiting.shift();
      if (read.value instanceof Error) reject(read.value);
      else resolve(read.value);
    }
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    for (const { reject } of waiting.splice(0)) reject(new Error("the connection has ended"));
  });
  return {
    send: (args) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) throw new Error("the connection has ended");
        waiting.push({ resolve, reject });
        const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
        socket.write(`*${args.length}\r\n${parts.join("")}`);
      }),
    close: () => socket.destroy(),
  };
}

/** The reply of RESP2 that begins at `start`, and where it ends; undefined if it is not whole yet. */
function readReply(bytes, start) {
  const line = bytes.indexOf("\r\n", start);
  if (line === -1) return undefined;
  const kind = String.fromCharCode(bytes[start]);
  const head = bytes.toString("utf8", start + 1, line);
  const end = line + 2;
  if (kind === "+") return { value: head, end };
  if (kind === "-") return { value: new Error(head), end };
  if (kind === ":") return { value: Number(head), end };
  const length = Number(head);
  if (length === -1) return { value: null, end };
  if (kind === "$") {
    if (bytes.length < end + length + 2) return undefined;
    return { value: bytes.toString("utf8", end, end + length), end: end + length + 2 };
  }
  const value = [];
  let at = end;
  while (value.length < length) {
    const element = readReply(bytes, at);
    if (element === undefined) return undefined;
    value.push(element.value);
    at = element.end;
  }
  return { value, end: at };
}

/** Where a test keeps the time that a server goes by. */
const CLOCK = "the clock of a test";

/** What the script reads the time with, and the same from where a test keeps it. */
const TIME = 'redis.call("TIME")';
const TEST_TIME = `(function ()
  local set = redis.call("GET", "${CLOCK}")
  local time = redis.call("TIME")
  if not set then return time end
  local ms = tonumber(set)
  return { math.floor(ms / 1000), ms % 1000 * 1000 }
end)()`;

/**
 * A `send` whose scripts go by a clock that the test sets, and a function that sets it. Redis itself goes on
 * by its own: what it expires, it expires by that.
 */
export function withClock(send) {
  return {
    send: async (args, key) => {
      const [command, script, ...more] = args;
      if (command === "EVALSHA") throw new Error("NOSCRIPT No matching script.");
      if (command !== "EVAL") return send(args, key);
      const parts = script.split(TIME);
      if (parts.length !== 2) throw new Error("the script reads the time at another place");
      return send([command, parts.join(TEST_TIME), ...more], key);
    },
    setTime: (ms) => send(["SET", CLOCK, `${ms}`]),
  };
}
