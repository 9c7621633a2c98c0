/** An OpenAPI document as one static page: no script, nothing from another host. */
export function docsPage(document: Record<string, unknown>, style: string): string {
  const { info, paths, components, tags } = document as unknown as OpenApi;
  const sections = tags.map(({ name }) => {
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => operation.tags.includes(name))
        .map(([method, operation]) => operationHtml(method, path, operation)),
    );
    return `<h2 id="${escapeHtml(name)}">${escapeHtml(name)}</h2>\n${operations.join("\n")}`;
  });
  const schemas = Object.entries(components.schemas)
    .filter(([name]) => !name.includes("Part"))
    .map(
      ([name, schema]) =>
        `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary><div>${schemaHtml(schema)}</div></details>`,
    );
  const links = [...tags.map(({ name }) => name), "Schemas"];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} API</title><style>${style}</style></head><body><main>
<h1>${escapeHtml(info.title)} API</h1>
<p class="quiet">Version ${escapeHtml(info.version)} · <a href="/openapi.json">openapi.json</a> · <a href="/">home</a></p>
<p>${escapeHtml(info.description)} Send the key of <code>DATA_DIR/credentials.json</code> as <code>Authorization: Bearer KEY</code>.</p>
<nav aria-label="Sections"><ul>${links.map((name) => `<li><a href="#${escapeHtml(name)}">${escapeHtml(name)}</a></li>`).join("")}</ul></nav>
${sections.join("\n")}
<h2 id="Schemas">Schemas</h2>
${schemas.join("\n")}
</main></body></html>`;
}

interface OpenApi {
  info: { title: string; version: string; description: string };
  tags: { name: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, Schema> };
}

interface OperationObject {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters: Parameter[];
  requestBody?: { description?: string; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema?: Schema }>;
interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  format?: string;
}

function operationHtml(method: string, path: string, operation: OperationObject): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const parts = [
    description ? `<p>${escapeHtml(description)}</p>` : "",
    parameters.length > 0 ? `<h3>Parameters</h3>${parametersHtml(parameters)}` : "",
    requestBody
      ? `<h3>Body</h3>${escapeHtml(requestBody.description ?? "")} ${contentHtml(requestBody.content)}`
      : "",
    `<h3>Answers</h3>${table(
      ["Status", "Meaning", "Body"],
      Object.entries(responses).map(([status, response]) => [
        `<code>${escapeHtml(status)}</code>`,
        escapeHtml(response.description),
        response.content ? contentHtml(response.content) : "",
      ]),
    )}`,
  ];
  return `<details id="${escapeHtml(operationId)}"><summary><span class="method">${method.toUpperCase()}</span><code>${escapeHtml(path)}</code><span class="quiet">${escapeHtml(summary)}</span></summary><div>${parts.join("")}</div></details>`;
}

function parametersHtml(parameters: readonly Parameter[]): string {
  return table(
    ["Name", "In", "Type", ""],
    parameters.map(({ name, in: place, required, description, schema }) => [
      `<code>${escapeHtml(name)}</code>${required ? " *" : ""}`,
      escapeHtml(place),
      typeHtml(schema),
      escapeHtml(description ?? ""),
    ]),
  );
}

function contentHtml(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const shape = schema && !("format" in schema) ? `: ${typeHtml(schema)}` : "";
      return `<code>${escapeHtml(type)}</code>${shape}`;
    })
    .join("<br>");
}

function schemaHtml(schema: Schema): string {
  const { properties, required = [] } = schema;
  if (!properties) return typeHtml(schema);
  return table(
    ["Field", "Type"],
    Object.entries(properties).map(([name, field]) => [
      `<code>${escapeHtml(name)}</code>${required.includes(name) ? " *" : ""}`,
      typeHtml(field),
    ]),
  );
}

const depthMax = 3;

function typeHtml(schema: Schema, depth = 0): string {
  const { $ref, type, enum: values, const: only, anyOf, oneOf, items, properties } = schema;
  if (typeof $ref === "string") {
    const name = $ref.split("/").at(-1)!;
    return name.includes("Part")
      ? "any JSON"
      : `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  }
  if (only !== undefined) return `<code>${escapeHtml(JSON.stringify(only))}</code>`;
  if (Array.isArray(values))
    return values.map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(" | ");
  const choices = anyOf ?? oneOf;
  if (choices && depth < depthMax)
    return choices.map((choice) => typeHtml(choice, depth + 1)).join(" | ");
  if (type === "array" && items && depth < depthMax)
    return `array of ${typeHtml(items, depth + 1)}`;
  if (properties && depth < depthMax) {
    const fields = Object.entries(properties);
    return `{ ${fields.map(([name, field]) => `<code>${escapeHtml(name)}</code>: ${typeHtml(field, depth + 1)}`).join(", ")} }`;
  }
  return typeof type === "string" ? escapeHtml(type) : "any JSON";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const header = head.map((text) => `<th scope="col">${text}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<div class="scroll"><table><thead><tr>${header}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
