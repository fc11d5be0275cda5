/** The OpenAPI 3.1 document, made from the table of routes and the contracts' zod schemas. */
import { z } from "zod";
import { problemV1 } from "#contracts";
import { PROBLEMS, type ProblemKind } from "../problem.js";
import type { ApiBody, ApiParameter, ApiRoute } from "./api-route.js";
import { API_ROUTES } from "./api-routes.js";

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly [member: string]: unknown;
}

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: Json;
  readonly jsonSchemaDialect: string;
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

export function openApiDocument(version: string): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of API_ROUTES) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    openapi: "3.1.0",
    info: {
      title: "Segue gateway",
      version,
      description: "Real-time customer journeys: publish what happens, read what was decided and why.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    jsonSchemaDialect: DIALECT,
    tags: [
      { name: "Events", description: "What happens" },
      { name: "Customers", description: "What Segue holds, and what the customer permits" },
      { name: "Decisions", description: "What was decided, and why" },
      {
        name: "Journeys",
        description: "Definitions of journeys: tried out before anybody hears of them, and governed",
      },
      { name: "Definitions", description: "Catalogues and policy packs: which are in force, and governed" },
    ],
    paths,
    components: { schemas: reachableSchemas(JSON.stringify(paths)) },
  };
}

function operation(route: ApiRoute): OpenApiOperation {
  const { body, answer } = route;
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.description,
    parameters: route.parameters.map(parameter),
    ...(body
      ? {
          requestBody: {
            required: true,
            description: body.description,
            content: Object.fromEntries(
              body.contents.map((c) => [c.mediaType, { schema: bodySchema(c), example: c.example }]),
            ),
          },
        }
      : {}),
    responses: {
      [answer.status]: {
        description: answer.description,
        content: {
          "application/json": {
            schema: schemaOf(answer.schema),
            ...(answer.example === undefined ? {} : { example: answer.example }),
          },
        },
      },
      ...problemResponses(route.problems),
    },
    "x-codeSamples": [{ lang: "Shell", label: "curl", source: `curl ${route.curl}` }],
  };
}

function parameter(p: ApiParameter): Json {
  return {
    name: p.name,
    in: p.in,
    required: p.required,
    description: p.description,
    schema: isZod(p.schema) ? schemaOf(p.schema) : p.schema,
  };
}

function bodySchema(content: ApiBody): Json {
  const one = schemaOf(content.schema);
  const many = { type: "array", items: one };
  switch (content.holds ?? "one") {
    case "one":
      return one;
    case "many":
      return many;
    case "one-or-many":
      return { oneOf: [one, many] };
  }
}

/** One response per status, with every kind of problem that has it. */
function problemResponses(kinds: readonly ProblemKind[]): Json {
  const byStatus = new Map<number, ProblemKind[]>();
  for (const kind of kinds) {
    const { status } = PROBLEMS[kind];
    byStatus.set(status, [...(byStatus.get(status) ?? []), kind]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((kind) => `\`/problems/${kind}\`: ${PROBLEMS[kind].title}.`).join(" "),
        ...(status === 503
          ? { headers: { "Retry-After": { description: "Seconds to wait", schema: { type: "integer" } } } }
          : {}),
        content: { "application/problem+json": { schema: schemaOf(problemV1) } },
      },
    ]),
  );
}

function isZod(schema: ApiParameter["schema"]): schema is z.ZodType {
  return schema instanceof z.ZodType;
}

const REFERENCE = "#/components/schemas/";

function schemaOf(schema: z.ZodType): Json {
  const id = z.globalRegistry.get(schema)?.id;
  return id === undefined ? withoutDialect(z.toJSONSchema(schema)) : { $ref: `${REFERENCE}${id}` };
}

function withoutDialect(schema: object): Json {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Record<string, unknown>;
  return rest;
}

/** The named schemas that a text refers to, and those that they refer to. */
function reachableSchemas(text: string): Record<string, Json> {
  const all = z.toJSONSchema(z.globalRegistry, { uri: (id) => `${REFERENCE}${id}` }).schemas;
  const found: Record<string, Json> = {};
  const visit = (part: string): void => {
    for (const [, id] of part.matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z0-9_]+)"/g)) {
      const schema = id === undefined ? undefined : all[id];
      if (id === undefined || id in found || !schema) continue;
      found[id] = withoutDialect(schema);
      visit(JSON.stringify(schema));
    }
  };
  visit(text);
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => a.localeCompare(b)));
}
