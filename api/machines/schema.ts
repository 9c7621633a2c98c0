import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What each machine made of the work that it took (records.ts), over all its connections. */
export const machineRecords = sqliteTable(
  "machine_records",
  {
    account: text().notNull(),
    /** Id of the installation. */
    runner: text().notNull(),
    name: text().notNull(),
    version: text().notNull(),
    platform: text().notNull(),
    firstSeenAtMs: integer("first_seen_at_ms").notNull(),
    lastSeenAtMs: integer("last_seen_at_ms").notNull(),
    tasksDone: integer("tasks_done").notNull(),
    tasksLost: integer("tasks_lost").notNull(),
    faults: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.account, table.runner] }),
    index("machine_records_seen").on(table.account, table.lastSeenAtMs),
  ],
);
