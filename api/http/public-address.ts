/** Where people reach this server: known once it listens, or told by PUBLIC_URL. */
export class PublicAddress {
  #url: string;

  constructor(publicUrl: string | undefined) {
    this.#url = publicUrl ?? "";
  }

  get url(): string {
    return this.#url;
  }

  /** It listens; what PUBLIC_URL says goes before. */
  listening(localUrl: string): void {
    if (this.#url === "") this.#url = localUrl;
  }

  signInUrl(token: string): string {
    return `${this.#url}/sign-in?token=${token}`;
  }
}
