// Plain requests to an emulator, as any client would send them.

/** A client of one emulator, acting with one token. */
export function clientOf(url, token = "fw_local_admin") {
  const request = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    return { status: response.status, headers: response.headers, text, body: value };
  };
  const keys = (user) => `/v1/accounts/local/users/${user}/apiKeys`;
  return {
    request,
    as: (other) => clientOf(url, other),
    create: (user, apiKey = {}) => request("POST", keys(user), { apiKey }),
    list: (user, query = {}) => request("GET", `${keys(user)}?${new URLSearchParams(query)}`),
    delete: (user, keyId) => request("POST", `${keys(user)}:delete`, { keyId }),
    users: (query = {}) => request("GET", `/v1/accounts/local/users?${new URLSearchParams(query)}`),
    account: () => request("GET", "/v1/accounts/local"),
    fault: (fault, order = {}) => request("POST", "/_emulator/faults", { ...order, fault }),
    calm: () => request("DELETE", "/_emulator/faults"),
    stored: async () => (await request("GET", "/_emulator/keys")).body.keys,
  };
}
