import { api } from "./index.ts";
import { randomId } from "./request.ts";
import { isPassing } from "./send-file.ts";

/**
 * A write that a person may send again because they do not know whether it arrived: the same request goes under the same
 * key until its outcome is known, so that it is done once; another request is another.
 */
export class Repeatable {
  #sent: { request: string; key: string } | undefined;

  /** @throws GridError, Unreachable, the signal's reason */
  async post<T>(path: string, json: unknown): Promise<T> {
    const request = `${path} ${JSON.stringify(json)}`;
    if (this.#sent?.request !== request) this.#sent = { request, key: randomId() };
    const headers = { "idempotency-key": this.#sent.key };
    try {
      const answer = await api.json<T>(path, { method: "POST", json, headers });
      this.#sent = undefined;
      return answer;
    } catch (error) {
      if (!isPassing(error)) this.#sent = undefined;
      throw error;
    }
  }
}
