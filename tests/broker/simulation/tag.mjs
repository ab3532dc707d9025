// The tags of the broker's keys.

/** The tag among a key's annotations. */
export function tagOf(annotations) {
  return annotations?.["fireworks-keys-attempt"];
}

/** The hash of the member whom a tag names. */
export function memberOf(tag) {
  return tag?.split(".")[0] ?? "";
}
