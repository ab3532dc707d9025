import OpenAI from "openai";

export const connect = (baseURL) => {
  const options = { apiKey: "sk-token", adminAPIKey: "sk-token", dangerouslyAllowBrowser: true };
  const client = new OpenAI({ ...options, baseURL, timeout: 30_000, maxRetries: 2 });
  return () => client.admin.organization.adminAPIKeys.create({ name: "bench" });
};
