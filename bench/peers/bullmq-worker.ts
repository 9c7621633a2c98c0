import { Worker } from "bullmq";

const worker = new Worker("bench", async (job) => job.data.value + 1, {
  connection: { ...JSON.parse(process.argv[2]!), maxRetriesPerRequest: null },
  concurrency: 50,
});
await worker.waitUntilReady();
process.send!("ready");
