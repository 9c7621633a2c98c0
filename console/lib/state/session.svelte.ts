import { GridError } from "../../../protocol/errors.ts";
import type { Me } from "../../../protocol/http-accounts.ts";
import { api } from "../api/index.ts";

/**
 * Who is signed in. `me` is undefined until the server was asked, null for nobody.
 * When a session ends while a page is open, `wanted` makes the shell ask for the password over the page.
 */
class Session {
  me: Me | null | undefined = $state();
  wanted = $state(false);
  #answered: PromiseWithResolvers<boolean> | undefined;

  /** What the document says, which was made for who opened it. Undefined when it does not: then ask with `load`. */
  read(document: Document): Me | null | undefined {
    const text = document.getElementById("me")?.textContent;
    if (text) this.me = JSON.parse(text) as Me | null;
    return this.me;
  }

  /** Asks the server. @throws Unreachable, GridError other than "unauthorized" */
  async load(): Promise<Me | null> {
    try {
      this.me = await api.json<Me>("/v1/me", { anonymous: true });
    } catch (error) {
      if (!(error instanceof GridError) || error.code !== "unauthorized") throw error;
      this.me = null;
    }
    return this.me;
  }

  get isOperator(): boolean {
    return this.me?.role === "operator";
  }

  /** One question, however many requests wait for its answer. */
  signInAgain(): Promise<boolean> {
    this.#answered ??= Promise.withResolvers<boolean>();
    this.wanted = true;
    return this.#answered.promise;
  }

  /** The person signed in, or closed the question. */
  async answered(signedIn: boolean): Promise<void> {
    if (signedIn) await this.load();
    else this.me = null;
    this.wanted = false;
    this.#answered?.resolve(signedIn);
    this.#answered = undefined;
  }

  async signOut(): Promise<void> {
    await api.json("/v1/auth/sign-out", { method: "POST" });
    this.me = null;
  }
}

export const session = new Session();
