// Checks what strangers hand over, a request's body or a test's options, against a table of its members.
// Nothing is ignored: a misspelt name would make a test prove something else than it says.

/** What a member must be, in words, and whether a value is that. A value that makes it throw is not. */
export type Kind = readonly [what: string, is: (value: unknown) => boolean];

/** The members that an object may have. */
export type Shape = Readonly<Record<string, Kind>>;

/** What is not a text has no such method, and throws. */
const isText = (value: unknown) => (value as string).isWellFormed();

/** A text that UTF-8 can hold. */
export const TEXT: Kind = ["a string", isText];
export const FLAG: Kind = ["a boolean", (value) => typeof value === "boolean"];
/** A whole number in these bounds: the usual one is the longest that a timer can wait, in milliseconds. */
export const between = (least: number, most = 2_147_483_647): Kind => [
  `a whole number from ${least} to ${most}`,
  (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
];
export const OBJECT: Kind = ["an object", (value) => Object(value) === value && !Array.isArray(value)];
/** An object of texts. */
export const TEXTS: Kind = [
  "an object of strings",
  (value) =>
    OBJECT[1](value) &&
    Object.entries(value as object)
      .flat()
      .every(isText),
];
/** One of these words. */
export const oneOf = (...words: readonly string[]): Kind => [
  `one of ${words.join(", ")}`,
  (value) => words.includes(value as string),
];

/** The error for what a test has got wrong. */
export const misuse = (message: string) => new TypeError(message);

/**
 * Throws unless the value is an object with these members. Members that are undefined or null count as left
 * out. What is thrown is made from a text that names what is wrong.
 */
export function demand(
  value: unknown,
  path: string,
  shape: Shape,
  required: readonly string[] = [],
  failure: (message: string) => object = misuse,
): void {
  if (!OBJECT[1](value)) throw failure(`${path} must be an object`);
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    if (!Object.hasOwn(shape, name)) throw failure(`${path} has no member ${JSON.stringify(name)}`);
  }
  for (const [name, [what, is]] of Object.entries(shape)) {
    const member = members[name] ?? undefined;
    let isRight = false;
    try {
      isRight = member === undefined ? !required.includes(name) : is(member);
    } catch {}
    if (!isRight) throw failure(`${path}.${name} must be ${what}`);
  }
}
