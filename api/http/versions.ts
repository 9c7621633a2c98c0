import { LRUCache } from "lru-cache";
import { operatorAccount } from "../../protocol/accounts.ts";
import { GridError } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import { splitFunctionRef } from "../../protocol/http-functions.ts";
import { type Looker, stranger } from "../accounts/principal.ts";
import type { FunctionRow, Functions } from "../catalog/functions.ts";
import type { FunctionNames } from "./function-names.ts";
import { nearest } from "./suggest.ts";

/** A version as the hot path needs it. */
export interface Version {
  /** Account that owns the function, and the function's name under it. */
  owner: string;
  name: string;
  /** The public name, "owner/name". */
  function: string;
  digest: string;
  description: Description;
  royaltyBasisPoints: number;
  /** Why it should not be used any more. */
  deprecated: string | null;
}

interface Found extends Omit<Version, "function"> {
  isPrivate: boolean;
}

const versionsCachedMax = 2_000;
/** Shorter beginnings of a digest would soon be ambiguous. */
const prefixCharsMin = 8;
const suggestedFromMax = 200;

/** Finds versions by name, in memory once found. What a function's owner changes is told by `changed`. */
export class Versions {
  readonly #functions: Functions;
  readonly #names: FunctionNames;
  /** By "account/name" (the latest), and by "account/name@version". */
  readonly #found = new LRUCache<string, Found>({ max: versionsCachedMax });

  constructor(functions: Functions, names: FunctionNames) {
    this.#functions = functions;
    this.#names = names;
  }

  /**
   * A name alone is looked for among one's own functions and then among the operator's.
   * @throws GridError not-found, also for what is private to someone else; conflict for an ambiguous beginning
   */
  find(viewer: Looker, reference: string, version?: string): Version {
    const { handle, name } = splitFunctionRef(reference);
    for (const owner of this.ownersMeant(viewer, handle)) {
      const found = this.#resolve(viewer, owner, name, version);
      if (!found) continue;
      const ownerHandle = owner === viewer.account ? viewer.handle : this.#names.handleOf(owner);
      return { ...found, function: `${ownerHandle}/${name}` };
    }
    throw this.#missing(viewer, reference);
  }

  /** The function itself, to change or show it. @throws GridError not-found */
  row(viewer: Looker, reference: string): FunctionRow {
    const { handle, name } = splitFunctionRef(reference);
    for (const owner of this.ownersMeant(viewer, handle)) {
      const row = this.#functions.find(owner, name);
      if (row && (row.visibility !== "private" || owner === viewer.account)) return row;
    }
    throw this.#missing(viewer, reference);
  }

  /** Accounts whose function may be meant, in the order in which they are looked at. */
  ownersMeant({ account }: Looker, handle: string | undefined): string[] {
    if (handle === undefined)
      return account === operatorAccount ? [account] : [account, operatorAccount];
    const owner = this.#names.accountOf(handle);
    return owner === undefined ? [] : [owner];
  }

  changed({ owner, name }: Pick<FunctionRow, "owner" | "name">): void {
    const key = `${owner}/${name}`;
    for (const cached of this.#found.keys())
      if (cached === key || cached.startsWith(`${key}@`)) this.#found.delete(cached);
  }

  /** The digest of a version of this function. @throws GridError not-found, conflict */
  digestOf(row: FunctionRow, version: string | undefined): string {
    if (version === undefined || version === "latest") return row.latest;
    const digests =
      version.length >= prefixCharsMin ? this.#functions.digestsBeginning(row.id, version) : [];
    if (digests.length > 1)
      throw new GridError("conflict", `Several versions of ${row.name} begin with ${version}.`, {
        hint: "Give more characters of the version.",
      });
    if (digests.length === 0)
      throw new GridError("not-found", `Function ${row.name} has no version "${version}".`, {
        name: version,
        hint: `A version is named by its digest or the first ${prefixCharsMin} or more characters of it, or "latest".`,
      });
    return digests[0]!;
  }

  #resolve(
    { account }: Looker,
    owner: string,
    name: string,
    version: string | undefined,
  ): Found | undefined {
    const latest = version === undefined || version === "latest";
    const key = latest ? `${owner}/${name}` : `${owner}/${name}@${version}`;
    const known = this.#found.get(key);
    if (known) return known.isPrivate && owner !== account ? undefined : known;
    const row = this.#functions.find(owner, name);
    if (!row || (row.visibility === "private" && owner !== account)) return undefined;
    const digest = this.digestOf(row, version);
    const { description, royaltyBasisPoints, deprecated } = this.#functions.version(
      row.id,
      digest,
    )!;
    const isPrivate = row.visibility === "private";
    const found = { owner, name, digest, description, royaltyBasisPoints, deprecated, isPrivate };
    this.#found.set(key, found);
    return found;
  }

  #missing({ account }: Looker, reference: string): GridError {
    const known = this.#functions.findable(account, suggestedFromMax);
    const names = reference.includes("/")
      ? known.map(({ owner, name }) => this.#names.full(owner, name))
      : known
          .filter(({ owner }) => owner === account || owner === operatorAccount)
          .map(({ name }) => name);
    const meant = nearest(reference, names);
    return new GridError("not-found", `There is no function "${reference}".`, {
      name: reference,
      hint: meant
        ? `Did you mean "${meant}"?`
        : account === stranger.account
          ? "Sign in to see functions of yours that are private."
          : "GET /v1/functions lists your functions and everyone's public ones.",
    });
  }
}
