// How much of an error a console shows. A long text is cut; a long field is hidden, but can be read.

/** How long a field is shown, as JSON. */
const LONGEST = 200;

/** A text that is no longer than this. */
export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Makes the long fields of an error non-enumerable, and returns the error. */
export function hideLong<T extends Error>(error: T): T {
  for (const [name, value] of Object.entries(error)) {
    const text: string | undefined = JSON.stringify(value);
    if (text && text.length > LONGEST) Object.defineProperty(error, name, { enumerable: false });
  }
  return error;
}
