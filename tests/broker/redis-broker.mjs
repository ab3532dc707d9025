// A broker in this process that has its ledger in a real Redis of its own.

import { tool } from "../matrix/fixture.mjs";
import { memoryBroker } from "./brokers.mjs";
import { startRedis, withClock } from "./redis.mjs";

/** As `memoryBroker`, with its ledger in Redis. */
export async function redisBroker(options = {}) {
  const redis = await startRedis();
  const { redisLedger } = await tool("fireworks-keys/broker/redis");
  const { send, setTime } = withClock((await redis.connect()).send);
  const ledger = redisLedger(send, { onDurability() {} });
  const broker = await memoryBroker({ ...options, ledger });
  const { stop, setAhead } = broker;
  return Object.assign(broker, {
    async setAhead(ms) {
      await setAhead(ms);
      await setTime(Date.now());
    },
    async stop() {
      await stop();
      await redis.stop();
    },
  });
}
