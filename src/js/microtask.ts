// The bundler puts this in place of the global `queueMicrotask`, which only the glue uses.

export { queueMicrotask } from "./module.js";
