// Plain requests to an emulator, as any client would send them.

/** A client of one emulator, acting with one token. Another `fetch` reaches what behaves like an emulator. */
export function clientOf(url, token = "fw_local_admin", fetch = globalThis.fetch) {
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
  // A test that runs without the trouble it asked for proves nothing.
  const order = async (method, path, body) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const answer = await request(method, `/_emulator${path}`, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const keys = (user) => `/v1/accounts/local/users/${user}/apiKeys`;
  return {
    request,
    as: (other) => clientOf(url, other, fetch),
    create: (user, apiKey = {}) => request("POST", keys(user), { apiKey }),
    list: (user, query = {}) => request("GET", `${keys(user)}?${new URLSearchParams(query)}`),
    delete: (user, keyId) => request("POST", `${keys(user)}:delete`, { keyId }),
    users: (query = {}) => request("GET", `/v1/accounts/local/users?${new URLSearchParams(query)}`),
    account: () => request("GET", "/v1/accounts/local"),
    accounts: (query = {}) => request("GET", `/v1/accounts?${new URLSearchParams(query)}`),
    fault: (fault, where = {}) => order("POST", "/faults", { ...where, fault }),
    calm: () => order("DELETE", "/faults"),
    reset: () => order("DELETE", ""),
    remove: (user) => order("DELETE", `/users/${user}`),
    stored: async () => (await order("GET", "/keys")).body.keys,
  };
}
