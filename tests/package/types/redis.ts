// Has the clients that people use send the commands of a ledger in Redis.

import type { Ledger } from "fireworks-keys/broker";
import { type Durability, redisDurability, redisLedger } from "fireworks-keys/broker/redis";
import type { Cluster, Redis } from "ioredis";
import type { RedisClientType, RedisClusterType } from "redis";

export function ledgers(
  client: RedisClientType,
  cluster: RedisClusterType,
  other: Redis,
  others: Cluster,
  http: (args: string[]) => Promise<unknown>,
): Ledger[] {
  return [
    redisLedger((args) => client.sendCommand(args)),
    redisLedger((args, key) => cluster.sendCommand(key, false, args)),
    redisLedger(([command, ...args]) => other.call(command, ...args)),
    redisLedger(([command, ...args]) => others.call(command, ...args)),
    redisLedger(http, { prefix: "keys:", onDurability: ({ verdict }) => console.log(verdict) }),
    redisLedger(http, { prefix: undefined, onDurability: undefined }),
    // @ts-expect-error: there is no such option
    redisLedger(http, { keyPrefix: "keys:" }),
    // @ts-expect-error: a client is no function
    redisLedger(other),
  ];
}

export async function keeps(http: (args: string[]) => Promise<unknown>): Promise<boolean> {
  const { verdict, reasons }: Durability = await redisDurability(http);
  return verdict === "keeps" && reasons.every((reason) => reason !== "");
}
