import { createApiKey } from "fireworks-keys";

export const connect = (baseUrl) => () =>
  createApiKey({ token: "fw_token", accountId: "acme", userId: "ci-bot", baseUrl, displayName: "bench" });
