import type { Visibility } from "../../../protocol/http-common.ts";

export const visibilities: readonly { value: Visibility; label: string }[] = [
  { value: "private", label: "Only me" },
  { value: "unlisted", label: "Who knows its id" },
  { value: "public", label: "Everyone" },
];
