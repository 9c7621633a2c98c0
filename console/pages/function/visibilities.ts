import type { Visibility } from "../../../protocol/http-common.ts";

export const visibilities: readonly { value: Visibility; label: string }[] = [
  { value: "private", label: "Private: only you" },
  { value: "unlisted", label: "Unlisted: whoever knows its name" },
  { value: "public", label: "Public: in the market" },
];
