import type { Digest } from "../../protocol/digest.ts";
import type { JobView, JobViews } from "../jobs/job-view.ts";
import { familyOf } from "./family.ts";

/** The family of each job that is under way, found once. */
export class Families {
  readonly #views: Pick<JobViews, "manifest">;
  readonly #v8: string;
  readonly #known = new WeakMap<Pick<JobView, "spec">, Promise<Digest>>();

  constructor(views: Pick<JobViews, "manifest">, v8: string) {
    this.#views = views;
    this.#v8 = v8;
  }

  /** @throws GridError blob-missing */
  of(view: Pick<JobView, "spec">): Promise<Digest> {
    let family = this.#known.get(view);
    if (!family) {
      family = this.#find(view);
      this.#known.set(view, family);
    }
    return family;
  }

  async #find({ spec }: Pick<JobView, "spec">): Promise<Digest> {
    const { input } = spec;
    const manifest =
      input.type === "dataset" ? await this.#views.manifest(input.manifest) : undefined;
    return familyOf(spec, manifest, this.#v8);
  }
}
