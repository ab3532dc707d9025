// Tests that errors say what went wrong at the service or on the way, without a secret.

import {
  accounted,
  calm,
  connection,
  equal,
  fault,
  holds,
  rejectionOf,
  repeats,
  storedKeys,
} from "./service.mjs";

export const errors = {
  async "a refusal says why, in the service's words"({ createApiKey, ApiError }, api) {
    for (const [options, status, code] of [
      [{ token: "fw_nobody" }, 401, "UNAUTHENTICATED"],
      [{ userId: "nobody" }, 404, "NOT_FOUND"],
      [{ accountId: "nowhere" }, 404, "NOT_FOUND"],
    ]) {
      const error = await rejectionOf(ApiError, createApiKey({ ...connection(api), ...options }));
      equal([error.status, error.code], [status, code], "status and code");
      holds(error.message.includes(error.body.message), "the service's message");
      equal([error.operation, error.attempts], ["createApiKey", 1], "operation and attempts");
      equal([error.orphans, error.keyIds], ["none", []], "no orphan");
      equal(error.name, "ApiError", "name");
    }
  },

  async "every shape of a refusal yields its message"({ createApiKey, ApiError }, api) {
    for (const [status, body, code, message] of [
      [404, '{"code": 5, "message": "gone", "details": []}', "NOT_FOUND", "gone"],
      [400, '{"code": 9, "message": "", "details": []}', "FAILED_PRECONDITION", "no message"],
      [400, '{"error": {"message": "bad", "code": "OUT_OF_RANGE"}}', "OUT_OF_RANGE", "bad"],
      [403, '{"error": {"message": "no", "code": 403}}', "PERMISSION_DENIED", "no"],
      [401, '{"error": "who?"}', "UNAUTHENTICATED", "who?"],
      [400, '{"fault": {"faultstring": "broken"}}', "INVALID_ARGUMENT", "broken"],
      [418, "plain text", "UNKNOWN", "no JSON"],
      [403, "<html>proxy</html>", "PERMISSION_DENIED", "no JSON"],
      [400, "", "INVALID_ARGUMENT", "no JSON"],
      [400, '"text"', "INVALID_ARGUMENT", "no message"],
      [400, "[]", "INVALID_ARGUMENT", "no message"],
      [400, '{"code": 3, "message": "unknown field annotations"}', "INVALID_ARGUMENT", "orphanProtection"],
    ]) {
      await fault(api, { kind: "answer", status, body });
      const error = await rejectionOf(ApiError, createApiKey(connection(api)));
      equal([error.status, error.code], [status, code], body);
      holds(error.message.includes(message), `${body}: ${error.message}`);
    }
  },

  async "no secret that a server echoes is in the error"({ createApiKey, ApiError }, api) {
    const at = { ...connection(api), maxRetries: 0, orphanProtection: false };
    for (const [status, when, body] of [
      [400, "before", '{"message": "{{token}}, fw_0123456789abcdef", "key": "{{token}}", "{{token}}": [1]}'],
      [400, "before", '{"error": "you said {{token}}"}'],
      [400, "before", "you said {{token}}"],
      [500, "after", '{"message": "made {{key}}", "deep": [[{"key": "{{key}}"}]]}'],
      [500, "after", '{"message": "cut {{key}}'],
    ]) {
      await fault(api, { kind: "answer", status, body, when });
      const error = await rejectionOf(ApiError, createApiKey(at));
      const seen = [error.message, error.stack, JSON.stringify(error), JSON.stringify(error.body)];
      equal(seen.join().includes("fw_"), false, `a secret in the error: ${seen}`);
    }
  },

  async "no token that a server encodes or cuts is in the error"({ createApiKey, ApiError }) {
    const token = "a.token/of-Thirty+characters=1";
    const headers = { "x-gateway": "the gateway's secret" };
    const options = { token, accountId: "acme", userId: "ci-bot", headers, maxRetries: 0 };
    for (const echoed of [
      token.toUpperCase(),
      encodeURIComponent(token),
      [...token].map((letter) => `&#${letter.charCodeAt(0)};`).join(""),
      token.slice(0, 12),
      token.slice(10, 22).toLowerCase(),
      btoa(token),
      btoa(`x${token}`).slice(4),
      btoa(`xy${token}`).slice(4, -4).replaceAll("+", "-").replaceAll("/", "_"),
      headers["x-gateway"],
    ]) {
      const fetch = async () => Response.json({ message: `<${echoed}>` }, { status: 400 });
      const { message, body } = await rejectionOf(ApiError, createApiKey({ ...options, fetch }));
      for (const said of [message, body.message]) {
        holds(/<.{0,2}\[redacted\].{0,4}>$/.test(said), `${echoed}: ${said}`);
      }
    }
  },

  async "an answer that never comes whole is a connection error"({ createApiKey, ConnectionError }, api) {
    for (const [trouble, times, orphans] of [
      // A browser retries once for each reused connection it still has.
      [{ kind: "drop" }, 50, "unaccounted"],
      [{ kind: "cut", bytes: 10 }, 1, accounted()],
    ]) {
      await fault(api, trouble, { times });
      const error = await rejectionOf(ConnectionError, createApiKey({ ...connection(api), maxRetries: 0 }));
      equal([error.code, error.orphans], ["CONNECTION", orphans], trouble.kind);
      await calm(api);
    }
  },

  async "an answer that is no key is no success"({ createApiKey, InvalidResponseError }, api) {
    for (const body of ["", "null", "[]", "{}", '{"keyId": "a"}', '{"key": "fw_a"}', "<html>"]) {
      await fault(api, { kind: "answer", status: 200, body });
      const error = await rejectionOf(InvalidResponseError, createApiKey(connection(api)));
      // A key that an answer names is looked for, and found to be gone. It has no tag to find others by.
      const named = repeats() ? "unknown" : "swept";
      const orphans = body.includes("keyId") ? named : "unaccounted";
      equal([error.status, error.orphans, error.body], [200, orphans, undefined], body);
    }
  },

  async "a redirect is never followed"({ createApiKey, ApiError }, api) {
    // A user of its own, because a create that another case has given up on may still be done.
    const user = "redirected";
    const headers = { location: `${api}/v1/accounts/local/users/${user}/apiKeys` };
    await fault(api, { kind: "answer", status: 307, headers }, { user });
    const error = await rejectionOf(ApiError, createApiKey(connection(api, user)));
    holds(error.message.includes("redirect"), error.message);
    equal(await storedKeys(api, user), [], "keys");
    let sent = 0;
    const insisting = async (_, { method }) => {
      sent += Number(method === "POST");
      return new Response(null, { status: 302, headers: { "x-should-retry": "true", location: api } });
    };
    await rejectionOf(ApiError, createApiKey({ ...connection(api), fetch: insisting }));
    equal(sent, 1, "a redirect is final, whatever the server says");
  },

  async "whatever a fetch does, the call settles, and the next one works"(package_, api) {
    const { createApiKey, ConnectionError, InvalidResponseError } = package_;
    const at = { ...connection(api), maxRetries: 0, orphanProtection: false };
    const response = (fields) => ({ status: 200, text: async () => "{}", headers: new Headers(), ...fields });
    for (const [Class, given] of [
      [
        ConnectionError,
        () => {
          throw new Error("sync");
        },
      ],
      [ConnectionError, () => Promise.reject("a string with fw_secret_0123456789")],
      [ConnectionError, () => Promise.reject(undefined)],
      [
        ConnectionError,
        () =>
          Promise.reject(
            new Proxy(
              {},
              {
                get() {
                  throw 1;
                },
              },
            ),
          ),
      ],
      [ConnectionError, () => undefined],
      [ConnectionError, () => 7],
      [ConnectionError, () => ({})],
      [
        ConnectionError,
        () => ({
          get then() {
            throw new Error("then");
          },
        }),
      ],
      [ConnectionError, () => Response.error()],
      [ConnectionError, () => response({ status: "200" })],
      [ConnectionError, () => response({ status: 65_736 })],
      [
        ConnectionError,
        () =>
          response({
            get status() {
              throw new Error("status");
            },
          }),
      ],
      [ConnectionError, () => response({ text: () => Promise.reject(new Error("body")) })],
      [ConnectionError, () => response({ text: async () => 7 })],
      [ConnectionError, () => response({ text: undefined })],
      [InvalidResponseError, () => response({ headers: null })],
      [InvalidResponseError, () => Object.assign(Object.create(null), response({}))],
    ]) {
      const error = await rejectionOf(Class, createApiKey({ ...at, fetch: given }));
      holds(!JSON.stringify([error.message, String(error.cause)]).includes("fw_"), "a secret");
    }
    await calm(api);
    await createApiKey(connection(api));
  },
};
