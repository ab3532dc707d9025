// Code that uses a keyring under strict settings. It is compiled, never run.

import {
  type Closing,
  createKeyring,
  type Keyring,
  KeyringError,
  type KeyringEvent,
  type KeyringOptions,
} from "fireworks-keys/member";

const onEvent = (event: KeyringEvent): string => {
  if (event.type === "key") return `${event.keyId} ${event.expiresInMs} ${event.isShared}`;
  if (event.type === "failure") return `${event.error.code} ${event.error.status} ${event.retryInMs}`;
  if (event.type === "closed") return event.type;
  return event.keyId;
};

const options: KeyringOptions = { broker: new URL("https://keys.example.com"), authorization: "Bearer x" };
createKeyring(options);

const ring: Keyring = createKeyring({
  broker: "https://keys.example.com",
  authorization: async () => undefined,
  member: "ada",
  inference: "https://api.fireworks.ai/inference/",
  fetch: (url, init) => fetch(url, init),
  onEvent,
});

export async function use(): Promise<string[]> {
  const key: string = await ring.key();
  const response: Response = await ring.fetch("https://api.fireworks.ai/inference/v1/models");
  const replacement: typeof fetch = ring.fetch;
  try {
    await replacement(new Request(response.url), { method: "POST", body: key });
  } catch (error) {
    if (error instanceof KeyringError && error.code === "BROKER") return [error.problem ?? `${error.status}`];
  }
  const { revoked, pending }: Closing = await ring.close();
  await ring.signOut();
  return [...revoked, ...pending];
}

export function wrong(): void {
  // @ts-expect-error A keyring needs an authorization.
  createKeyring({ broker: "https://keys.example.com" });
  // @ts-expect-error A misspelt option.
  createKeyring({ ...options, membr: "ada" });
  // @ts-expect-error A second argument.
  createKeyring(options, {});
}
