import { Redis } from "ioredis";

const redis = new Redis(JSON.parse(process.argv[2]!));
await redis.ping();
process.send!("ready");
for (;;) {
  const item = await redis.blpop("bench:in", 5);
  if (item) await redis.rpush("bench:out", String(Number(item[1]) + 1));
}
