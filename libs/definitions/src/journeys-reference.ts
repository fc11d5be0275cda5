/** docs/journeys-reference.md: every field of every kind of definition, as its JSON Schema has it. */
import { contractJsonSchema } from "#contracts";

/** The parts of JSON Schema that the contracts use. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

type Defs = Readonly<Record<string, Schema>>;

const KINDS = [
  { contract: "journey.v1", title: "Journey", folder: "journeys" },
  { contract: "catalogue.v1", title: "Catalogue", folder: "catalogue" },
  { contract: "policy-pack.v1", title: "Policy pack", folder: "policies" },
  { contract: "signals.v1", title: "Signals", folder: "signals" },
  { contract: "model.v1", title: "Model", folder: "models" },
  { contract: "table.v1", title: "Table", folder: "tables" },
  { contract: "experiment.v1", title: "Experiment", folder: "experiments" },
  { contract: "fairness.v1", title: "Fairness monitor", folder: "fairness" },
  { contract: "event-vocabulary.v1", title: "Events", folder: "events" },
] as const;

/** Shared types, explained once at the end, under a title that no field has. */
const SHARED: Readonly<Record<string, string>> = {
  Duration: "Duration",
  Channel: "Channel",
  Purpose: "Purpose",
  LegalSource: "Legal source",
  ContactTimes: "Contact times",
  Cap: "Cap of a rule",
  CoolDown: "Cool-down",
};
/** What an id looks like. */
const NAME = "^[a-z0-9]+(-[a-z0-9]+)*$";
/** How long an expression may be; texts have other bounds. */
const CEL_CHARS = 2_000;

/** The whole text, with a line end. */
export function journeysReference(): string {
  const lines = [
    "# Reference of the definitions",
    "",
    "Every field of every kind of file, made from the schemas by `scripts/journeys-reference.mjs`: change the schemas in",
    "`libs/contracts/src`, not this page. [journeys.md](journeys.md) is the guide. A field that is not listed is an error.",
    "",
    ...KINDS.map(({ title, folder }) => `- [${title}](#${anchor(title)}): \`${folder}/*.yaml\``),
    "- [Shared types](#shared-types)",
  ];
  const shared: Record<string, Schema> = {};
  for (const { contract, title, folder } of KINDS) {
    const document = contractJsonSchema(contract) as Schema;
    const defs = document.$defs ?? {};
    Object.assign(shared, defs);
    const root = defs[refOf(document)] ?? document;
    lines.push("", `## ${title}`, "", `\`${folder}/*.yaml\`. ${sentence(root.description)}`);
    lines.push(...fieldsOf(root, defs));
  }
  lines.push(
    "",
    "## Shared types",
    "",
    "### Name",
    "",
    "Lower-case words joined by hyphens: `overdraft-rescue`.",
  );
  for (const [name, title] of Object.entries(SHARED)) {
    const schema = shared[name] ?? {};
    const values = schema.enum ? `One of ${schema.enum.map((v) => code(v)).join(", ")}.` : "";
    const said = [sentence(schema.description), values].filter((text) => text !== "");
    lines.push("", `### ${title}`, ...(said.length > 0 ? ["", said.join(" ")] : []));
    lines.push(...fieldsOf(schema, shared, "", 4));
  }
  return `${lines.join("\n")}\n`;
}

/** A table of an object's fields, then a section for each field that has fields of its own. */
function fieldsOf(schema: Schema, defs: Defs, path = "", level = 3): string[] {
  const required = new Set(schema.required ?? []);
  // What tells one alternative from the others stands in the heading.
  const told = Object.entries(schema.properties ?? {}).filter(
    ([n, f]) => n === "kind" || f.const === undefined,
  );
  const rows = told.map(([name, field]) => {
    const says =
      field.default !== undefined ? `default ${code(field.default)}` : required.has(name) ? "yes" : "";
    return `| \`${name}\` | ${typeOf(field)} | ${says} | ${(field.description ?? defs[refOf(field)]?.description ?? "").replace(/[|<]/g, "\\$&")} |`;
  });
  const lines =
    rows.length === 0
      ? []
      : ["", "| field | what it holds | required | meaning |", "| --- | --- | --- | --- |", ...rows];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const inner = field.type === "array" && field.items ? field.items : field;
    const at = `${path}${path === "" ? "" : "."}${name}`;
    for (const { object, label } of objectsIn(inner))
      lines.push(
        "",
        `${"#".repeat(Math.min(level, 4))} \`${at}\`${label}`,
        ...(object.description === undefined || object === field ? [] : ["", sentence(object.description)]),
        ...fieldsOf(object, defs, at, level + 1),
      );
  }
  return lines;
}

/** The objects that a field may hold; of several each with what tells it from the others. */
function objectsIn(schema: Schema): readonly { readonly object: Schema; readonly label: string }[] {
  if (schema.properties) return [{ object: schema, label: "" }];
  return (schema.oneOf ?? schema.anyOf ?? [])
    .filter((s) => s.properties)
    .map((object) => {
      const fields = Object.entries(object.properties ?? {});
      const told = fields.find(([, f]) => f.const !== undefined);
      return {
        object,
        label: told ? `: \`${told[0]}: ${String(told[1].const)}\`` : `: with \`${fields[0]![0]}\``,
      };
    });
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = refOf(schema);
    return `[${name}](#${anchor(SHARED[name] ?? name)})`;
  }
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map((v) => code(v)).join(", ");
  if (schema.properties) return "see below";
  const several = schema.anyOf ?? schema.oneOf;
  if (several)
    return several.every((s) => s.properties) ? "one of those below" : several.map(typeOf).join(" or ");
  switch (schema.type ?? "anything") {
    case "array":
      return schema.items?.properties || schema.items?.oneOf || schema.items?.anyOf
        ? "list of those below"
        : `list of ${typeOf(schema.items ?? {})}`;
    case "object":
      return "names with a value each";
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return numberType(schema);
    case "string":
      if (schema.pattern === NAME) return "[name](#name)";
      return schema.minLength === 1 && schema.maxLength === CEL_CHARS
        ? "[CEL](journeys.md#conditions)"
        : "text";
    default:
      return "anything";
  }
}

function numberType({ type, minimum, maximum, exclusiveMinimum }: Schema): string {
  const what = type === "integer" ? "whole number" : "number";
  if (minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER)
    return `${what}, ${minimum} to ${maximum}`;
  if (exclusiveMinimum !== undefined) return `${what} above ${exclusiveMinimum}`;
  return minimum === undefined ? what : `${what}, ${minimum} or more`;
}

/** Name of what a schema refers to; empty when to nothing. */
function refOf({ $ref }: Schema): string {
  return ($ref ?? "").replace("#/$defs/", "");
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function sentence(text: string | undefined): string {
  return text === undefined ? "" : `${text}.`;
}

function anchor(title: string): string {
  return title.toLowerCase().replaceAll(" ", "-");
}
