// What may be printed: people paste the output, so it holds no token, no id and no e-mail.

const SECRETS = /fw_[\w-]+/gi;
const EMAILS = /[^\s"'<>(),;:]+@[^\s"'<>(),;:]+/g;

/** Makes a function that replaces these values, in any case and percent-encoded, by what they stand for. */
export function hiding() {
  /** What each value is replaced by, the longest first: one may be a part of another. */
  let hidden = [];
  return {
    /** From now on this value is not printed. */
    add(value, name) {
      if (typeof value !== "string" || value === "") return;
      for (const form of new Set([value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])) {
        hidden.push([new RegExp(`(?<![\\p{L}\\p{N}])${escaped(form)}(?![\\p{L}\\p{N}])`, "giu"), name]);
      }
      hidden = hidden.sort(([one], [other]) => other.source.length - one.source.length);
    },

    /** The text without what is hidden. */
    text(text) {
      let shown = text.replace(SECRETS, "fw_…").replace(EMAILS, "<e-mail>");
      for (const [pattern, name] of hidden) shown = shown.replace(pattern, `<${name}>`);
      return shown;
    },
  };
}

const escaped = (text) =>
  text.replace(/[.*+?^${}()|[\]\\/-]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16)}`);
