// What the service answers, and what it refuses a request with, in the form of a gRPC gateway.

/** An answer with this body. */
export const json = (status: number, body: object, headers?: Record<string, string>) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });

/** What is thrown where a request is refused. It is no `Error`: those are mistakes of this package. */
export const refusal = (status: number, code: number, message: string, headers?: Record<string, string>) =>
  json(status, { code, message, details: [] }, headers);

/** 400: the request is invalid. */
export const invalid = (message: string) => refusal(400, 3, message);

/** 404: something that the request names does not exist. */
export const missing = (what: string) => refusal(404, 5, `no such ${what}`);
