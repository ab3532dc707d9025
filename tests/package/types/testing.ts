// Code that uses the service in memory under strict settings. It is compiled, never run.

import { createApiKey } from "fireworks-keys";
import { type FakeRequest, type FaultRule, fakeFireworks, type StoredKey } from "fireworks-keys/testing";

const service = fakeFireworks({
  accountId: "acme",
  users: [{ userId: "me", role: "admin" }, { userId: "ci-bot", serviceAccount: true }, { userId: "ann" }],
  token: "fw_admin",
  now: () => 0,
});

export async function use(): Promise<void> {
  const rule: FaultRule = { operation: "create", times: 2, fault: { kind: "drop", when: "after" } };
  service.addFault(rule);
  const { fetch, accountId } = service;
  await createApiKey({ token: "fw_admin", accountId, userId: "ci-bot", fetch });
  await service.fetch(new URL("https://api.fireworks.ai/v1/accounts"), { method: "GET" });
  const keys: StoredKey[] = service.keys();
  const requests: FakeRequest[] = service.requests();
  service.faults().map(({ hits, fault }) => [hits, fault.kind, keys.length, requests.length]);
  service.removeUser("ann");
  service.clearFaults();
  service.reset();
}

export function wrong(): void {
  // @ts-expect-error A fault of another kind.
  service.addFault({ fault: { kind: "cut", ms: 1 } });
  // @ts-expect-error A misspelt option.
  fakeFireworks({ acountId: "acme" });
  // @ts-expect-error There is no such role.
  fakeFireworks({ users: [{ userId: "me", role: "owner" }] });
}
