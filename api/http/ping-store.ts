import { GridError } from "../../protocol/errors.ts";
import type { Store } from "../store/port.ts";

/** Resolves when the store answers. @throws GridError store-unavailable, and the store's own */
export async function pingStore(store: Store, msMax: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new GridError("store-unavailable", `The store did not answer in ${msMax} ms.`)),
      msMax,
    );
  });
  try {
    await Promise.race([store.ping(), late]);
  } finally {
    clearTimeout(timer);
  }
}
