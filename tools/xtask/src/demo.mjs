// Creates a key that lives ten minutes, for the account in the environment variables, and prints it.

import { createApiKey } from "fireworks-keys";

const { FIREWORKS_API_KEY, FIREWORKS_ACCOUNT_ID, FIREWORKS_USER_ID, FIREWORKS_BASE_URL } = process.env;

try {
  const created = await createApiKey({
    token: FIREWORKS_API_KEY,
    accountId: FIREWORKS_ACCOUNT_ID,
    userId: FIREWORKS_USER_ID,
    baseUrl: FIREWORKS_BASE_URL,
    displayName: "fireworks-keys demo",
    expiresIn: "10m",
  });
  console.log(created);
} catch (error) {
  console.error(error.message);
  // What the attempts may have left can be found by the tag.
  if (error.attemptTag) console.error(`orphans: ${error.orphans}, attemptTag: ${error.attemptTag}`);
  process.exitCode = 1;
}
