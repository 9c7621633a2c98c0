/** Reconnections without a byte of progress between them before a download is given up. */
const fruitlessMax = 3;

/**
 * A body that outlives its connection: when it breaks, `reopen` asks for the same bytes again and those already
 * delivered are skipped. Only for what cannot have changed meanwhile, as the result of an ended job.
 * Errors when the connection breaks again and again without progress, and with whatever `reopen` throws.
 */
export function resumed(
  first: ReadableStream<Uint8Array>,
  reopen: () => Promise<ReadableStream<Uint8Array>>,
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  let reader = first.getReader();
  let delivered = 0;
  let toSkip = 0;
  let fruitless = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          try {
            const { done, value } = await reader.read();
            if (done) return controller.close();
            const fresh = value.subarray(Math.min(toSkip, value.length));
            toSkip -= value.length - fresh.length;
            if (fresh.length === 0) continue;
            delivered += fresh.length;
            fruitless = 0;
            return controller.enqueue(fresh);
          } catch (error) {
            if (signal?.aborted || ++fruitless > fruitlessMax) throw error;
            reader = (await reopen()).getReader();
            toSkip = delivered;
          }
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
