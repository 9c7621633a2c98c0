import { api } from "../../lib/api/index.ts";

const accepts = { native: "*/*", csv: "text/csv", json: "application/json" } as const;
const endings: Record<string, string> = {
  "application/x-ndjson": "ndjson",
  "application/json": "json",
  "text/csv": "csv",
  "image/png": "png",
  "image/jpeg": "jpg",
};

/** Saves a whole result as a file. @throws GridError, Unreachable */
export async function saveResult(job: string, form: keyof typeof accepts): Promise<void> {
  const path = `/v1/jobs/${encodeURIComponent(job)}/result`;
  const response = await api.open(path, { headers: { accept: accepts[form] }, unhurried: true });
  const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${job}.${endings[type] ?? "bin"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
