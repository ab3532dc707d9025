// A service in memory, for the calls that warm the module up.

/** The id and the time of what it makes. */
const KEY = { keyId: "k", createTime: "1970-01-01T00:00:00Z" };

/**
 * Answers as the service does, without a request. It works where nothing may be sent yet, such as a Worker's
 * module scope, whose clock says 1970.
 */
export async function rehearse(_url: string, { method, body }: RequestInit): Promise<unknown> {
  const { apiKey, keyId } = JSON.parse((body as string | undefined) ?? "{}");
  const made = { ...KEY, ...apiKey };
  const answer = method === "GET" ? { apiKeys: [{ ...KEY, annotations: MARK }] } : { ...made, key: "fw_k" };
  const text = JSON.stringify(keyId === undefined ? answer : {});
  return { status: 200, text: async () => text, headers: { get: () => null } };
}

/** The tag of what it makes, in the place of random bits. */
export const TAG = "rehearsal";

const MARK = { "fireworks-keys-attempt": TAG };
