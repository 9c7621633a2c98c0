import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { QuotaName } from "../../protocol/quotas.ts";

/** What an operator gave to single accounts. Everyone else has the server's own. */
export const accountQuotas = sqliteTable(
  "account_quotas",
  {
    account: text().notNull(),
    quota: text().$type<QuotaName>().notNull(),
    max: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.quota] })],
);
