import { type ApiContext, headerOf } from "./context.ts";

/** A name or an address, and perhaps a port. */
const hostPattern = /^[a-z0-9_.:[\]-]+$/i;

/** Where people reach this server: known once it listens, or told by PUBLIC_URL. */
export class PublicAddress {
  readonly #told: string | undefined;
  readonly #proxies: number;
  #url: string;

  /** @param proxies how many of our own stand between us and the clients */
  constructor(publicUrl: string | undefined, proxies: number) {
    this.#told = publicUrl;
    this.#proxies = proxies;
    this.#url = publicUrl ?? "";
  }

  get url(): string {
    return this.#url;
  }

  /** It listens; what PUBLIC_URL says goes before. */
  listening(localUrl: string): void {
    if (this.#url === "") this.#url = localUrl;
  }

  /**
   * How whoever asks reaches this server: by PUBLIC_URL, else by the name that they asked for it by. A server that
   * listens on all addresses does not know which of them another machine can use. Of use only to the one who asked, who
   * may name any host.
   */
  seenBy(c: ApiContext): string {
    if (this.#told !== undefined) return this.#told;
    const scheme =
      this.#proxies > 0 && headerOf(c, "x-forwarded-proto") === "https" ? "https" : "http";
    const host = headerOf(c, "host") ?? "";
    const url = `${scheme}://${host}`;
    return hostPattern.test(host) && URL.canParse(url) ? new URL(url).origin : this.#url;
  }

  signInUrl(token: string): string {
    return `${this.#url}/sign-in?token=${token}`;
  }
}
