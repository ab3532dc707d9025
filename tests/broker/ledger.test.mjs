// Tests what every ledger has to do, with the ledger in memory and with a real Redis. Of Durable Objects,
// durable.test.mjs tests the same.

import { memoryLedger } from "fireworks-keys/broker";
import { redisLedger } from "fireworks-keys/broker/redis";
import { contract } from "./ledger.mjs";
import { startRedis, withClock } from "./redis.mjs";

contract("in memory", async () => ({ ledger: memoryLedger(), setTime() {}, stop() {} }), { steps: 1_000 });

contract(
  "Redis",
  async () => {
    const redis = await startRedis({ args: [] });
    const connection = await redis.connect();
    const { send, setTime } = withClock(connection.send);
    const ledger = redisLedger(send, { onDurability() {} });
    return { ledger, setTime, stop: redis.stop };
  },
  { steps: 4_000 },
);
