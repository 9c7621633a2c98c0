import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SettingsFile } from "./settings-file.ts";
import { parseAssignments, valueText } from "./value-text.ts";

let dataDir: string;
let file: SettingsFile;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "settings-"));
  file = new SettingsFile(dataDir);
});
afterEach(() => rm(dataDir, { recursive: true }));

describe("settings.json", () => {
  it("says nothing when there is none, and what was set when there is", async () => {
    expect(await file.read()).toEqual({});
    await file.change({ cpuPercent: 50, hours: "sat-sun" });
    await file.change({ cpuPercent: null, mainsOnly: true });
    expect(await new SettingsFile(dataDir).read()).toEqual({ hours: "sat-sun", mainsOnly: true });
    expect(await readdir(dataDir)).toEqual(["settings.json"]);
  });

  it("is left as it was by a change that is not valid", async () => {
    await file.change({ slots: 2 });
    await expect(file.change({ cpuPercent: 150 })).rejects.toMatchObject({ code: "bad-request" });
    await expect(file.change({ hours: "whenever" })).rejects.toThrow(/hours: .*mon-fri/);
    await expect(file.change({ speed: 1 } as object)).rejects.toThrow(
      /no setting speed.*cpuPercent/,
    );
    expect(await file.read()).toEqual({ slots: 2 });
  });

  it("that holds nonsense is an error that names it", async () => {
    await writeFile(file.path, "{ not JSON");
    await expect(file.read()).rejects.toThrow(file.path);
    await writeFile(file.path, '{"slots": 0, "ask": 0.001}');
    await expect(file.read()).rejects.toThrow(/slots[\s\S]*ask/);
  });

  it("takes changes that come together one after the other", async () => {
    await Promise.all([
      file.change({ slots: 3 }),
      file.change({ ask: 2 }),
      file.change({ slots: 4 }),
    ]);
    expect(JSON.parse(await readFile(file.path, "utf8"))).toEqual({ slots: 4, ask: 2 });
  });

  it("tells of a change that another process made within a second", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const startedMs = performance.now();
    const unwatch = file.watch(() => resolve(performance.now() - startedMs));
    await new SettingsFile(dataDir).change({ slots: 1 });
    expect(await promise).toBeLessThan(1_000);
    unwatch();
  });
});

describe("name=value", () => {
  it("is read by the setting's kind, in either way to write its name", () => {
    expect(
      parseAssignments([
        "cpuPercent=50",
        "memory-mb=2048",
        "mains-only=yes",
        "pools=own, ada/lab",
        "hours=mon-fri 18:00-08:00",
        "slots=",
        "ask=default",
      ]),
    ).toEqual({
      cpuPercent: 50,
      memoryMb: 2048,
      mainsOnly: true,
      pools: ["own", "ada/lab"],
      hours: "mon-fri 18:00-08:00",
      slots: null,
      ask: null,
    });
    expect(valueText(["own", "ada/lab"])).toBe("own,ada/lab");
  });

  it("without a sign is refused", () => {
    expect(() => parseAssignments(["cpuPercent"])).toThrow(/cpuPercent=50/);
  });
});
