import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Published } from "../../protocol/http-functions.ts";
import type { Tried } from "../../protocol/http-try.ts";
import { kindSchema } from "../../protocol/job.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

const folder = path.resolve(import.meta.dirname, "../../console/pages/editor/templates");
const templates = readdirSync(folder).map((file) => ({
  name: path.basename(file, ".ts"),
  source: readFileSync(path.join(folder, file), "utf8"),
}));

describe("the editor's templates", () => {
  let api: TestApi;
  let ada: TestMember;
  const kinds = new Set<string>();
  beforeAll(async () => {
    api = await startTestApi();
    ada = await api.member("ada");
  });
  afterAll(() => api.end());

  test.each(templates)(
    "$name runs on its example and can be published",
    async ({ name, source }) => {
      const tried = await ada.json<Tried>("/v1/functions/try", post({ name, source }));
      expect(tried.body).toMatchObject({ input: { from: "example" }, output: { type: "json" } });
      expect(tried.body.fuel).toBeGreaterThan(0);

      const made = await ada.json<Published>("/v1/functions", post({ name, source }));
      expect(made.status).toBe(201);
      expect(made.body.version).toBe(tried.body.version);
      kinds.add(made.body.kind);
    },
  );

  test("are of every kind", () => {
    expect(kinds).toEqual(new Set(kindSchema.options));
  });
});
