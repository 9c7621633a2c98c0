import { z } from "zod";

/** ISO 4217, as this Node knows it. Checked when a rate is published; what was published stays. */
export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, "three capital letters of ISO 4217, such as EUR")
  .refine((code) => Intl.supportedValuesOf("currency").includes(code), "no currency of ISO 4217");
