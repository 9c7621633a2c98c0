/** Who bears which handle; the directory of accounts. */
export interface Handles {
  find(id: string): { handle: string } | undefined;
  byHandle(handle: string): { id: string } | undefined;
}

/** Public names, "owner/name". Made when they are shown, since an account may change its handle. */
export class FunctionNames {
  readonly #handles: Handles;

  constructor(handles: Handles) {
    this.#handles = handles;
  }

  handleOf(account: string): string {
    return this.#handles.find(account)?.handle ?? account;
  }

  accountOf(handle: string): string | undefined {
    return this.#handles.byHandle(handle)?.id;
  }

  full(owner: string, name: string): string {
    return `${this.handleOf(owner)}/${name}`;
  }
}
