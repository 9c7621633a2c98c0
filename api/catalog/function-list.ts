import { and, asc, desc, eq, isNull, or, type SQL, sql } from "drizzle-orm";
import type { FunctionSort } from "../../protocol/http-functions.ts";
import type { Kind } from "../../protocol/job.ts";
import type { Drizzle } from "../database/open.ts";
import { matchOf } from "./function-search.ts";
import type { FunctionRow, VersionRow } from "./functions.ts";
import { functions, versions } from "./schema.ts";

/** A row of the list: a function with what its latest version says. */
export interface ListedFunction {
  function: FunctionRow;
  description: VersionRow["description"];
  deprecated: string | null;
  versions: number;
  /** Where in the order it stands; the next page begins after it. */
  place: Place;
}

/** The values that the order compares, the function's id last, so that no two places are equal. */
export type Place = (string | number)[];

export interface FunctionQuery {
  /** Sees its own functions, and everyone's public ones; undefined sees all. */
  account: string | undefined;
  text?: string | undefined;
  tag?: string | undefined;
  kind?: Kind | undefined;
  owner?: string | undefined;
  sort: FunctionSort;
  after?: Place | undefined;
  limit: number;
}

/**
 * Pages by place, not by offset: what is published between two pages neither repeats a row nor hides one. For the same
 * reason relevance is by where the words stand, and not bm25, whose every value changes with every document.
 */
export function listFunctions(database: Drizzle, query: FunctionQuery): ListedFunction[] {
  const match = query.text === undefined ? undefined : matchOf(query.text);
  if (query.text !== undefined && match === undefined) return [];
  const order = orderOf(query.sort, match, query.text);
  const place = sql`json_array(${sql.join(
    order.map(({ by }) => by),
    sql`, `,
  )})`;
  return database
    .select({
      function: functions,
      description: versions.description,
      deprecated: versions.deprecated,
      versions: database.$count(versions, eq(versions.function, functions.id)),
      place: place.mapWith((text: string) => JSON.parse(text) as Place),
    })
    .from(functions)
    .innerJoin(
      versions,
      and(eq(versions.function, functions.id), eq(versions.digest, functions.latest)),
    )
    .where(
      and(
        isNull(functions.deletedAtMs),
        query.account === undefined
          ? undefined
          : or(eq(functions.owner, query.account), eq(functions.visibility, "public")),
        match === undefined ? undefined : found("", match),
        query.tag === undefined
          ? undefined
          : sql`EXISTS (SELECT 1 FROM json_each(${functions.tags}) WHERE value = ${query.tag})`,
        query.kind === undefined ? undefined : eq(functions.kind, query.kind),
        query.owner === undefined ? undefined : eq(functions.owner, query.owner),
        query.after === undefined ? undefined : after(order, query.after),
      ),
    )
    .orderBy(...order.map(({ by, down }) => (down ? desc(by) : asc(by))))
    .limit(query.limit)
    .all();
}

interface Order {
  by: SQL<string | number>;
  down: boolean;
}

const up = (by: SQL<string | number>): Order => ({ by, down: false });
const down = (by: SQL<string | number>): Order => ({ by, down: true });

function orderOf(sort: FunctionSort, match: string | undefined, text = ""): Order[] {
  const byId = up(sql`${functions.id}`);
  switch (sort) {
    case "name":
      return [up(sql`${functions.name}`), byId];
    case "new":
      return [down(sql`${functions.id}`)];
    case "price":
      return [up(sql`${functions.latestRoyaltyBasisPoints}`), byId];
    case "runs":
      return [down(sql`${functions.runs}`), byId];
    case "relevance":
      return match === undefined
        ? [up(sql`${functions.name}`), byId]
        : [up(nearness(match, text)), down(sql`${functions.runs}`), byId];
  }
}

/** 0: it is so called · 1: all words in its name · 2: in name and title · 3: or tags · 4: or description · 5: anywhere. */
function nearness(match: string, text: string): SQL<number> {
  return sql`CASE
    WHEN ${functions.name} = ${text.trim().toLowerCase()} THEN 0
    WHEN ${found("{name} :", match)} THEN 1
    WHEN ${found("{name title} :", match)} THEN 2
    WHEN ${found("{name title tags} :", match)} THEN 3
    WHEN ${found("{name title tags description} :", match)} THEN 4
    ELSE 5 END`;
}

function found(columns: string, match: string): SQL {
  const query = columns === "" ? match : `${columns} (${match})`;
  return sql`${functions.id} IN (SELECT rowid FROM function_search WHERE function_search MATCH ${query})`;
}

/** Rows whose place comes later: a later first value, or the same and a later second one, and so on. */
function after(order: readonly Order[], place: Place): SQL {
  const [first, ...rest] = order;
  const [value, ...values] = place;
  const { by, down: falls } = first!;
  const later = falls ? sql`${by} < ${value}` : sql`${by} > ${value}`;
  return rest.length === 0
    ? later
    : sql`(${later} OR (${by} = ${value} AND ${after(rest, values)}))`;
}
