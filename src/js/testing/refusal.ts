// What the service refuses a request with, in the form of a gRPC gateway.

/** An answer that has not been sent yet. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer with this body. */
export const json = (status: number, body: object, headers?: Record<string, string>): Answer => ({
  status,
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});

/** What is thrown where a request is refused. It is no `Error`: those are mistakes of this package. */
export const refusal = (status: number, code: number, message: string, headers?: Record<string, string>) =>
  json(status, { code, message, details: [] }, headers);

/** 400: the request is invalid. */
export const invalid = (message: string) => refusal(400, 3, message);

/** 404: something that the request names does not exist. */
export const missing = (what: string) => refusal(404, 5, `there is no such ${what}`);
