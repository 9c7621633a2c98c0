import { z } from "zod";
import { problemContentType, problemSchema } from "../../protocol/http-common.ts";
import type { Operation, ResponseDescription } from "./route.ts";

type Document = Record<string, unknown>;

/**
 * The OpenAPI 3.1 document of the routes. zod's own JSON Schema (draft 2020-12) is what 3.1 takes as it is;
 * @hono/zod-openapi overflows its stack on a recursive type such as z.json().
 */
export function openApiOf(operations: readonly Operation[], version: string): Document {
  const schemas: Record<string, unknown> = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output") => register(schemas, schema, io);
  const problem = {
    description: "A problem (RFC 9457): a stable code and whose fault it is",
    content: { [problemContentType]: { schema: schemaOf(problemSchema, "output") } },
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:([a-z]+)/gi, "{$1}");
    paths[path] ??= {};
    paths[path][operation.method] = {
      operationId: operation.id,
      tags: [operation.tag],
      summary: operation.summary,
      ...(operation.description ? { description: operation.description } : {}),
      ...securityOf(operation),
      parameters: parametersOf(operation),
      ...(operation.body ? { requestBody: requestBodyOf(operation.body, schemaOf) } : {}),
      responses: {
        ...Object.fromEntries(
          Object.entries(operation.responses).map(([status, response]) => [
            status,
            responseOf(response, schemaOf),
          ]),
        ),
        default: problem,
      },
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Sparegrid",
      version,
      description:
        "Publish pure TypeScript map/reduce functions and run them on spare machines. Errors are problem documents (RFC 9457).",
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }, { session: [] }],
    tags: [...new Set(operations.map((operation) => operation.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "sparegrid.session_token" },
      },
      schemas,
    },
  };
}

/** The scope that a key must have and the role of its account, as roles that the schemes require. */
function securityOf({ auth, scope }: Operation): { security?: unknown } {
  if (auth === "open") return { security: [] };
  const role = auth === "operator" ? [auth] : [];
  if (scope === undefined && role.length === 0) return {};
  const shown = [{ key: scope ? [...role, scope] : role }, { session: role }];
  return { security: auth === "anyone" ? [...shown, {}] : shown };
}

type SchemaOf = (schema: z.ZodType, io: "input" | "output") => unknown;

function requestBodyOf(body: NonNullable<Operation["body"]>, schemaOf: SchemaOf): unknown {
  if ("contentType" in body)
    return {
      required: true,
      description: body.description,
      content: { [body.contentType]: { schema: { type: "string", format: "binary" } } },
    };
  return {
    required: true,
    content: { "application/json": { schema: schemaOf(body.schema, "input") } },
  };
}

function responseOf(response: ResponseDescription, schemaOf: SchemaOf): unknown {
  const { description, schema, contentTypes } = response;
  if (schema)
    return { description, content: { "application/json": { schema: schemaOf(schema, "output") } } };
  if (!contentTypes) return { description };
  return { description, content: Object.fromEntries(contentTypes.map((type) => [type, {}])) };
}

function parametersOf(operation: Operation): unknown[] {
  const inPath = [...operation.path.matchAll(/:([a-z]+)/gi)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const query = operation.query
    ? (z.toJSONSchema(operation.query, { io: "input", unrepresentable: "any" }) as {
        properties?: Record<string, unknown>;
        required?: string[];
      })
    : {};
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: query.required?.includes(name) ?? false,
    // Coerced numbers say nothing of their input type.
    schema: typeOf(schema) === undefined ? { type: "string", ...(schema as object) } : schema,
  }));
  const headers = { ...operation.headers };
  if (operation.idempotent)
    headers["Idempotency-Key"] = "any string, to repeat this request safely for 24 hours";
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

function typeOf(schema: unknown): unknown {
  const { type, enum: values, anyOf } = schema as Record<string, unknown>;
  return type ?? values ?? anyOf;
}

/** Named schemas go into the components once; the others are written in place. */
function register(
  schemas: Record<string, unknown>,
  schema: z.ZodType,
  io: "input" | "output",
): unknown {
  const id = schema.meta()?.id;
  const ref = { $ref: `#/components/schemas/${id}` };
  if (id !== undefined && id in schemas) return ref;
  const {
    $schema,
    $defs,
    id: _,
    ...own
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
  }) as Record<string, unknown>;
  const prefix = id ?? `Anonymous${Object.keys(schemas).length}`;
  const renamed: Record<string, string> = {};
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, object>)) {
    // zod calls unnamed recursive types __schema0, …, which would clash between schemas.
    const given = name.startsWith("__") ? `${prefix}Part${name.slice("__schema".length)}` : name;
    renamed[name] = given;
    const { id: __, ...rest } = definition as Record<string, unknown>;
    schemas[given] ??= rest;
  }
  const move = (value: unknown): unknown => moveRefs(value, renamed, id);
  for (const name of Object.values(renamed)) schemas[name] = move(schemas[name]);
  if (id === undefined) return move(own);
  // A schema with a name is among its own definitions, and what is left is a reference to it.
  if (!(id in schemas)) schemas[id] = move(own);
  return ref;
}

function moveRefs(
  value: unknown,
  renamed: Record<string, string>,
  self: string | undefined,
): unknown {
  if (Array.isArray(value)) return value.map((item) => moveRefs(item, renamed, self));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key !== "$ref" || typeof item !== "string") return [key, moveRefs(item, renamed, self)];
      if (item === "#" && self !== undefined) return [key, `#/components/schemas/${self}`];
      const name = /^#\/\$defs\/(.+)$/.exec(item)?.[1];
      return [key, name === undefined ? item : `#/components/schemas/${renamed[name] ?? name}`];
    }),
  );
}
