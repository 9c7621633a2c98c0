import { hash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { createTar } from "nanotar";
import { bytesOf, type PackageFile } from "./package-file.ts";

const compress = promisify(gzip);

/** npm's own date for what it packs: any fixed one gives the same bytes for the same files. */
const packedAtMs = Date.UTC(1985, 9, 26, 8, 15);

/** An archive that npm installs. The same files give the same bytes. */
export async function pack(files: readonly PackageFile[]): Promise<Buffer> {
  const tar = createTar(
    files.map((file) => ({
      name: `package/${file.name}`,
      data: bytesOf(file),
      attrs: { mode: file.executable ? "755" : "644", uid: 0, gid: 0, mtime: packedAtMs },
    })),
  );
  return await compress(tar, { level: 9 });
}

/** Names the files' content, wherever they are packed for. */
export function buildOf(files: readonly PackageFile[]): string {
  return hash("sha256", JSON.stringify(files)).slice(0, 32);
}
