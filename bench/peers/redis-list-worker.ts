import { Redis } from "ioredis";

const [host, port] = process.argv.slice(2);
const redis = new Redis({ host: host!, port: Number(port) });
await redis.ping();
process.send!("ready");
for (;;) {
  const item = await redis.blpop("bench:in", 5);
  if (item) await redis.rpush("bench:out", String(Number(item[1]) + 1));
}
