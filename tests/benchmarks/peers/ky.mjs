import ky from "ky";

export const connect = (baseUrl) => {
  const headers = { authorization: "Bearer fw_token" };
  const api = ky.create({ headers, timeout: 30_000, retry: { limit: 2, methods: ["post"] } });
  return () =>
    api
      .post(`${baseUrl}/v1/accounts/acme/users/ci-bot/apiKeys`, {
        json: { apiKey: { displayName: "bench" } },
      })
      .json();
};
