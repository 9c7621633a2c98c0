import { GridError } from "../../../protocol/errors.ts";
import type { Visibility } from "../../../protocol/http-common.ts";
import type { FunctionDetail, PublishBody, Published } from "../../../protocol/http-functions.ts";
import { api } from "../../lib/api/index.ts";
import { sourceOf } from "./sources.ts";
import type { Workspace } from "./workspace.svelte.ts";

export interface Publication {
  /** "owner/name". */
  name: string;
  workspace: Workspace;
  visibility: Visibility;
  readme: string;
  /** What it is the next version of. */
  last: FunctionDetail | undefined;
}

/** The latest version under this name; undefined when there is none. @throws GridError, Unreachable */
export async function publishedAs(name: string): Promise<FunctionDetail | undefined> {
  try {
    return await api.json<FunctionDetail>(`/v1/functions/${name}`);
  } catch (error) {
    if (error instanceof GridError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** @throws GridError (what the compiler refuses has `details.at`), Unreachable */
export function publish({
  name,
  workspace: { entry, files },
  visibility,
  readme,
  last,
}: Publication): Promise<Published> {
  const isNewReadme = readme.trim() !== "" && readme !== last?.readme;
  const json: PublishBody = {
    name,
    ...sourceOf(entry, files),
    visibility,
    ...(isNewReadme ? { readme } : {}),
  };
  return api.json<Published>("/v1/functions", { method: "POST", json, unhurried: true });
}
