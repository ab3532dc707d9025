// What is written to a terminal, a pipe or a file. Writes end before the next line of code runs, so that a
// failure is noticed while the key can still be deleted.

import { fstatSync, fsyncSync, type Stats, statSync, writeSync } from "node:fs";
import { devNull } from "node:os";

/** Standard output and standard error. */
const OUT = 1;
const ERR = 2;

/** How long to wait until a pipe that is full may have been read, in milliseconds. */
const FULL_MS = 10;

/** Characters that do not show as what they are: controls, what turns or joins text, and lone surrogates. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text of strangers on one line: nothing in it can move the cursor, turn the text or start a line. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`);
}

/** JSON in which the same characters are escaped; it reads as the same value. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value, undefined, 2);
  return json.replace(HIDDEN, (hidden) => (hidden === "\n" ? hidden : escaped(hidden)));
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }).join("");
}

/** Tells a person something. Whether it is read is of no importance to what is done. */
export function say(text: string): void {
  try {
    writeAll(ERR, `${visible(text)}\n`);
  } catch {
    // Nobody listens.
  }
}

/** Writes to standard output. Throws if that is closed or full. */
export function print(text: string): void {
  writeAll(OUT, `${text}\n`);
  flush(OUT);
}

/** Throws if what is written to standard output can reach nobody. */
export function assertOutput(): void {
  // Node opens the null device where a descriptor is closed.
  if (isNull(fstatSync(OUT))) throw new Error(`it is closed, or it is ${devNull}`);
  // No byte: a closed pipe, a full device and a descriptor that is only for reading say so.
  attempt(() => writeSync(OUT, new Uint8Array()));
}

function isNull(file: Stats): boolean {
  const device = statSync(devNull, { throwIfNoEntry: false });
  // Where devices have no numbers, all have 0, a terminal too.
  return file.isCharacterDevice() && file.rdev > 0 && file.rdev === device?.rdev;
}

/** Writes all of it, or throws. */
export function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    const written = attempt(() => writeSync(file, bytes, at));
    if (written === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS);
    at += written ?? 0;
  }
}

/** How much was written; undefined for a pipe that is full. */
function attempt(write: () => number): number | undefined {
  try {
    return write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    return undefined;
  }
}

/** Has the system store what was written: a disk may say only then that it is full. */
export function flush(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Only files can be stored: terminals, pipes and devices say one of these.
    if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "EROFS" && code !== "ENOSYS") throw error;
  }
}
