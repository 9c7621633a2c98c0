import { Worker } from "bullmq";

const [host, port] = process.argv.slice(2);
const worker = new Worker("bench", async (job) => job.data.value + 1, {
  connection: { host: host!, port: Number(port), maxRetriesPerRequest: null },
  concurrency: 50,
});
await worker.waitUntilReady();
process.send!("ready");
