// Makes texts from outside safe to show: a name may hold invisible characters, or characters that reverse the
// text around it. Everything that the page shows, says or exports of a name, a prefix, an e-mail or an id
// goes through here. Pure.

/** Invisible characters: controls, format characters, fillers, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800]/u;

/** An emoji of several characters, which are held together by characters that are not seen. */
const EMOJI =
  /[#*0-9]\uFE0F?\u20E3|\p{ExtPict}(?:\p{EMod}|\uFE0F)?(?:\u200D\p{ExtPict}(?:\p{EMod}|\uFE0F)?)*/u;

/** Joiners inside a word of a script that is written with them. */
const JOINED = /(?<=[\p{sc=Arab}\p{sc=Deva}\p{sc=Beng}\p{sc=Mlym}\p{sc=Sinh}])[\u200C\u200D](?=\p{L})/u;

/** Matches what may stay, or, in its first group, an invisible character. */
const PARTS = new RegExp(`${EMOJI.source}|${JOINED.source}|(${UNSEEN.source})`, "gu");

/** Letters that are written from right to left, and so move what stands beside them. */
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

const ISOLATE = "\u2068";
const POP = "\u2069";

/** The text with every unseen character written out, such as `[U+202E]`. */
export function visible(text) {
  return String(text).replace(PARTS, (part, unseen) => (unseen ? written(unseen) : part));
}

function written(character) {
  return `[U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;
}

/** The same, isolated if needed, so that it does not reorder the text around it. */
export function shown(text) {
  const seen = visible(text);
  return RIGHT_TO_LEFT.test(seen) ? `${ISOLATE}${seen}${POP}` : seen;
}

/** A key's name for people; one that is missing, or of which nothing can be seen, is "(no name)". */
export function nameOf(displayName) {
  const text = typeof displayName === "string" ? displayName : String(displayName ?? "");
  const seen = text.replace(PARTS, (part, unseen) => (unseen ? "" : part));
  if (seen.trim() !== "") return shown(text);
  const hidden = visible(text).trim();
  return hidden === "" ? "(no name)" : `(no name) ${hidden}`;
}

/** A name without isolating characters, for sorting and searching. */
export function plain(name) {
  return name.replaceAll(ISOLATE, "").replaceAll(POP, "");
}

/** JSON in which every unseen character is escaped: it reads as it is, and means the same. */
export function readableJson(value, indent) {
  return JSON.stringify(value, undefined, indent).replace(PARTS, (part, unseen) =>
    unseen && unseen !== "\n" ? escaped(unseen) : part,
  );
}

function escaped(character) {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
