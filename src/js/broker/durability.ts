// Asks a Redis whether it keeps what is written to it. A managed service may refuse to say.

/** Whether a Redis keeps what it has acknowledged. */
export interface Durability {
  /**
   * `keeps`: it deletes nothing early, and a restart loses the last seconds at the most; `forgets`: it
   * deletes rows when memory is short, or a restart loses some; `unknown`: it does not say.
   */
  verdict: "keeps" | "forgets" | "unknown";
  /** What it has said, in words for people. */
  reasons: string[];
}

type Send = (args: [command: string, ...args: string[]], key: string | undefined) => Promise<unknown>;

/** Asks Redis whether it keeps what is written. Never rejects. What a failover loses, it cannot say. */
export async function redisDurability(send: Send): Promise<Durability> {
  const ask = async (...args: [string, ...string[]]): Promise<unknown> => {
    try {
      return await send(args, undefined);
    } catch {
      return undefined;
    }
  };
  const info = infoOf(await ask("INFO"));
  const logs = info.get("aof_enabled");
  const name = logs === "1" ? "appendfsync" : "save";
  return verdictOf([eviction(info), persistence(logs, settingOf(await ask("CONFIG", "GET", name), name))]);
}

/** A finding, and what it means: undefined if nothing is known. */
type Finding = [keeps: boolean | undefined, reason: string];

function verdictOf(findings: Finding[]): Durability {
  const verdicts = findings.map(([keeps]) => keeps);
  return {
    verdict: verdicts.includes(false) ? "forgets" : verdicts.includes(undefined) ? "unknown" : "keeps",
    reasons: findings.map(([, reason]) => reason),
  };
}

/** Whether rows are deleted when memory is short. Each has an expiry, so that every policy but one may. */
function eviction(info: ReadonlyMap<string, string>): Finding {
  const policy = info.get("maxmemory_policy");
  const most = info.get("maxmemory");
  if (policy === "noeviction") return [true, "Redis evicts nothing"];
  if (most === "0") return [true, "Redis evicts nothing, because it has no maxmemory"];
  if (policy === undefined || most === undefined) return [undefined, "Redis does not say whether it evicts"];
  return [false, `Redis forgets rows when memory is short: its maxmemory-policy is ${policy}`];
}

/** What a restart loses. `setting` is `appendfsync` if there is an append-only file, and `save` if not. */
function persistence(logs: string | undefined, setting: string | undefined): Finding {
  if (logs === "1") {
    if (setting === "always") return [true, "a restart loses nothing"];
    if (setting === "no")
      return [false, "a power cut loses what the system has not written: appendfsync is no"];
    if (setting === "everysec")
      return [true, "a power cut may lose the last seconds: appendfsync is everysec"];
    return [undefined, "Redis writes an append-only file, and does not say how often"];
  }
  if (logs === "0" && setting === "")
    return [false, "a restart loses everything: Redis writes nothing to disk"];
  if (logs === "0" && setting !== undefined) {
    return [false, `a restart loses what was written after the last snapshot: save is ${setting}`];
  }
  return [undefined, "Redis does not say whether it writes to disk"];
}

/** The fields of the reply to `INFO`. */
function infoOf(reply: unknown): Map<string, string> {
  const lines = textOf(reply)?.split(/\r?\n/) ?? [];
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^(\w+):(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The value in the reply to `CONFIG GET`: a list of names and values, or in RESP3 a map. */
function settingOf(reply: unknown, name: string): string | undefined {
  if (reply instanceof Map) return textOf(reply.get(name));
  if (Array.isArray(reply)) {
    const [[first, second] = reply] = reply.filter(Array.isArray);
    return reply.length > 0 && textOf(first) === name ? textOf(second) : undefined;
  }
  return typeof reply === "object" && reply !== null && Object.hasOwn(reply, name)
    ? textOf((reply as Record<string, unknown>)[name])
    : undefined;
}

/** A text, which RESP3 may hand over as an object of its own. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || value instanceof String ? String(value) : undefined;
}
