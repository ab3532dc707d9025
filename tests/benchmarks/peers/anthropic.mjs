import Anthropic from "@anthropic-ai/sdk";

// Anthropic's API cannot create keys, so this uses the client's generic method for any request.
export const connect = (baseURL) => {
  const options = { apiKey: "sk-token", dangerouslyAllowBrowser: true };
  const client = new Anthropic({ ...options, baseURL, timeout: 30_000, maxRetries: 2 });
  return () => client.post("/v1/organizations/api_keys", { body: { name: "bench" } });
};
