import Anthropic from "@anthropic-ai/sdk";

// Its keys cannot be created over its API, so that this is its client's own way to send anything.
export const connect = (baseURL) => {
  const options = { apiKey: "sk-token", dangerouslyAllowBrowser: true };
  const client = new Anthropic({ ...options, baseURL, timeout: 30_000, maxRetries: 2 });
  return () => client.post("/v1/organizations/api_keys", { body: { name: "bench" } });
};
