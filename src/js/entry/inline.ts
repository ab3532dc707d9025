// For runtimes that cannot inflate. The module is part of the file, as base64 of its plain bytes.

import base64 from "#module.inline";
import { provide } from "../module.js";
import { decode } from "./base64.js";

provide(async () => decode(base64));

export * from "../index.js";
