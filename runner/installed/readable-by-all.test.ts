import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readableByAll } from "./readable-by-all.ts";

it("finds what on the way to a file keeps others out", async () => {
  // As mkdtemp makes it, for its owner alone.
  const folder = await mkdtemp(join(tmpdir(), "readable-"));
  const inner = join(folder, "inner");
  const file = join(inner, "file");
  try {
    await mkdir(inner, { mode: 0o755 });
    await writeFile(file, "text", { mode: 0o644 });
    expect(await readableByAll(file)).toBe(folder);
    await chmod(folder, 0o755);
    expect(await readableByAll(file)).toBeUndefined();
    await chmod(file, 0o600);
    expect(await readableByAll(file)).toBe(file);
  } finally {
    await rm(folder, { recursive: true });
  }
});
