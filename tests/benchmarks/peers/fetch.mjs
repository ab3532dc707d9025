export const connect = (baseUrl) => async () => {
  const response = await fetch(`${baseUrl}/v1/accounts/acme/users/ci-bot/apiKeys`, {
    method: "POST",
    headers: {
      authorization: "Bearer fw_token",
      "content-type": "application/json",
      accept: "application/json",
    },
    body: JSON.stringify({ apiKey: { displayName: "bench" } }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
};
