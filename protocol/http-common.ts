import { z } from "zod";
import { errorCodeSchema, errorDetailsSchema, faultSchema } from "./error-schemas.ts";

/** RFC 9457. `code` is stable; `type` is a URI made of it; `details` says where and, as `hint`, what to do. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: errorCodeSchema,
    fault: faultSchema,
    /** The path that was asked. */
    instance: z.string().optional(),
    details: errorDetailsSchema.optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problemSchema>;
export const problemContentType = "application/problem+json";

/** Times on the wire are ISO 8601 in UTC with milliseconds. */
export const timeSchema = z.iso.datetime();

export const pageLimitDefault = 50;
export const pageLimitMax = 200;

/** A list is read page by page: pass `next` of one page as `cursor` for the following one, until it is null. */
export const pageQuerySchema = z.strictObject({
  cursor: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault),
});
export type PageQuery = z.infer<typeof pageQuerySchema>;

/** The operator may ask for what is everyone's; without it, too, a list holds one's own. */
export const allSchema = z.enum(["true", "false"]).optional();
export const allQuerySchema = z.strictObject({ all: allSchema });

export interface Page<T> {
  items: T[];
  next: string | null;
}

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** Who may find a thing: its owner alone, whoever knows its name, or everyone in lists and searches. */
export const visibilitySchema = z.enum(["private", "unlisted", "public"]);
export type Visibility = z.infer<typeof visibilitySchema>;

/** GET /healthz and /readyz. */
export const healthSchema = z
  .object({
    status: z.enum(["ok", "starting", "stopping", "failing"]),
    version: z.string(),
    store: z.string().optional(),
    runners: z.int().optional(),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof healthSchema>;
