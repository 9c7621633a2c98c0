import type { ApiContext } from "./context.ts";
import type { Route } from "./route.ts";

/**
 * A function's route, whose path has `:function` for its name, in two forms: `:name` (also "owner%2Fname"), and
 * `:owner/:name`.
 */
export function eitherName({ operation, handle }: Route): Route[] {
  const form = (name: string, id: string): Route => ({
    operation: { ...operation, id, path: operation.path.replace(":function", name) },
    handle,
  });
  return [form(":name", operation.id), form(":owner/:name", `${operation.id}Of`)];
}

/** What a path of `eitherName` calls the function. */
export function functionParam(c: ApiContext): string {
  const name = c.req.param("name")!;
  const owner = c.req.param("owner");
  return owner === undefined ? name : `${owner}/${name}`;
}
