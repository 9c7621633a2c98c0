import type {
  FunctionDetail,
  FunctionSummary,
  FunctionUsage,
  Published,
} from "../../protocol/http-functions.ts";
import { creditsOf } from "../../protocol/money.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ListedFunction } from "../catalog/function-list.ts";
import type { FunctionRow, VersionRow } from "../catalog/functions.ts";
import type { FunctionNames } from "./function-names.ts";
import { Readmes } from "./readme.ts";

const versionsShownMax = 100;

/** What the API shows of functions. */
export class FunctionViews {
  readonly #catalog: Catalog;
  readonly #names: FunctionNames;
  readonly #readmes = new Readmes();

  constructor(catalog: Catalog, names: FunctionNames) {
    this.#catalog = catalog;
    this.#names = names;
  }

  published(row: FunctionRow, version: VersionRow): Published {
    const { kind, title, description, input, params, uses, output, example } = version.description;
    return {
      ...this.#heading(row),
      version: version.digest,
      ...termsOf(version),
      kind,
      title,
      ...(description === undefined ? {} : { description }),
      input,
      params: { type: "object", properties: params, additionalProperties: false },
      uses,
      output,
      example,
      publishedAt: time(version.publishedAtMs),
    };
  }

  summary({ function: row, description, versions, deprecated }: ListedFunction): FunctionSummary {
    return {
      ...this.#heading(row),
      version: row.latest,
      ...termsOf({ royaltyBasisPoints: row.latestRoyaltyBasisPoints, deprecated }),
      kind: description.kind,
      title: description.title,
      ...(description.description === undefined ? {} : { description: description.description }),
      input: description.input,
      output: description.output,
      tags: row.tags,
      usage: this.#usage(row),
      versions,
      publishedAt: time(row.publishedAtMs),
    };
  }

  detail(row: FunctionRow, version: VersionRow): FunctionDetail {
    const { readme } = version;
    const { combine, exampleCall } = version.description;
    const from = row.forkedFrom === null ? undefined : this.#catalog.functions.byId(row.forkedFrom);
    return {
      ...this.published(row, version),
      combine,
      ...(exampleCall === undefined ? {} : { exampleCall }),
      tags: row.tags,
      ...(readme === null ? {} : { readme, readmeHtml: this.#readmes.html(readme) }),
      usage: this.#usage(row),
      ...(from === undefined || row.forkedVersion === null
        ? {}
        : {
            forkedFrom: {
              name: this.#names.full(from.owner, from.name),
              version: row.forkedVersion,
            },
          }),
      source: version.source,
      files: version.files,
      bundleBytes: version.bundleBytes,
      versions: this.#catalog.functions
        .versions(row.id, versionsShownMax)
        .map(({ digest, publishedAtMs, ...terms }) => ({
          version: digest,
          publishedAt: time(publishedAtMs),
          ...termsOf(terms),
        })),
    };
  }

  #heading({ owner, name, visibility }: FunctionRow) {
    const handle = this.#names.handleOf(owner);
    return { name: `${handle}/${name}`, owner: handle, visibility };
  }

  #usage({ id, owner, name, runs, succeeded }: FunctionRow): FunctionUsage {
    const { usage } = this.#catalog;
    const costMicro = runs === 0 ? undefined : usage.costPerMillionMicro(owner, name);
    return {
      runs,
      users: runs === 0 ? 0 : usage.countUsers(id),
      ...(runs === 0 ? {} : { successRate: succeeded / runs }),
      ...(costMicro === undefined ? {} : { costPerMillionRecords: creditsOf(costMicro) }),
    };
  }
}

/** What using a version costs beyond the work, and whether it still should be used. */
function termsOf({
  royaltyBasisPoints,
  deprecated,
}: Pick<VersionRow, "royaltyBasisPoints" | "deprecated">) {
  return {
    royaltyPercent: royaltyBasisPoints / 100,
    ...(deprecated === null ? {} : { deprecated }),
  };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
