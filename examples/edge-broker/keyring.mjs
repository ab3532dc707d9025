// Puts the keyring beside the page, which loads it without a bundler. Wrangler runs this before it serves or
// deploys the page.

import { cp } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const keyring = dirname(fileURLToPath(import.meta.resolve("fireworks-keys/member")));
await cp(keyring, "public/keyring", { recursive: true });
