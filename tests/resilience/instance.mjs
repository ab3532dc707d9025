// The package, with a view into its WebAssembly instance: its memory and its table of JavaScript
// values. Import this before anything else that imports the package.

const instances = [];
// Node's own fetch is a module, too.
const keep = (instance) => {
  if (!instance.exports.optionsOf) return;
  instances.push(instance);
  pagesAtStart = pagesOf(instance);
};
const pagesOf = ({ exports }) => exports.memory.buffer.byteLength / 65_536;

/** How large the memory of the last instance was before anything went through it, in pages of 64 KiB. */
export let pagesAtStart;

const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  keep(result.instance ?? result);
  return result;
};
const Instance = WebAssembly.Instance;
WebAssembly.Instance = new Proxy(Instance, {
  construct(target, args) {
    const instance = Reflect.construct(target, args);
    keep(instance);
    return instance;
  },
});

const fireworksKeys = await import("fireworks-keys");
await fireworksKeys.init();

export default fireworksKeys;

/** How large memory is, in pages of 64 KiB, and how many JavaScript values the table has room for. */
export function footprint() {
  const instance = instances.at(-1);
  return { pages: pagesOf(instance), values: instance.exports.__wbindgen_externrefs.length };
}

/** Whether the memory holds the text, as UTF-8 or as UTF-16. */
export function remembers(text) {
  const memory = Buffer.from(instances.at(-1).exports.memory.buffer);
  return memory.includes(text, 0, "utf8") || memory.includes(text, 0, "utf16le");
}

/** Every outcome that the process itself would complain of. */
export function watchProcess() {
  const uncaught = [];
  process.on("uncaughtException", (error) => uncaught.push(error));
  process.on("unhandledRejection", (error) => uncaught.push(error));
  return uncaught;
}

/** Numbers in [0, 1) that are the same for the same seed. */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
