import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./api/catalog/schema.ts",
  out: "./migrations",
});
