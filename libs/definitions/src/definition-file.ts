/** One YAML file: its parsed document, and where in the text each part of it stands. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  Document,
  type Node,
} from "yaml";
import { z } from "zod";
import type { Problem } from "./definition-error.js";
import { didYouMean } from "./suggestion.js";

export type Path = readonly PropertyKey[];

/** What to write where a field is missing whose purpose its name does not tell. */
const MISSING: Readonly<Record<string, string>> = {
  atMost: "every wait ends: say how long it lasts at most, for example atMost: 2d",
  limit: "every wait ends: say how long it lasts at most, for example limit: 90d",
  purpose: "say why the customer is contacted, for example purpose: service; consents and caps go by it",
};

/** `steps[2].goto`. */
export function pathText(path: Path): string {
  return path
    .map((p, i) => (typeof p === "number" ? `[${p}]` : `${i === 0 ? "" : "."}${String(p)}`))
    .join("");
}

/** What a problem may say beyond its cause. */
export interface Finding {
  readonly suggestion?: string | undefined;
  /** Characters into the text that stands at the path. */
  readonly offset?: number;
  /** Point at the field's name rather than at its value. */
  readonly key?: boolean;
}

export class DefinitionFile<T> {
  readonly name: string;
  #value: T | undefined;
  /** What makes it unusable. */
  readonly problems: Problem[] = [];
  /** What is allowed and looks like a mistake. */
  readonly warnings: Problem[] = [];
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(name: string, text: string, schema: z.ZodType<T>) {
    this.name = name;
    this.#text = text;
    this.#document = this.#parse(text);
    for (const error of this.#document.errors)
      this.#add(error.pos[0], "", `not valid YAML: ${error.message}`);
    this.#value = this.problems.length > 0 ? undefined : this.#validate(schema);
  }

  /** Present when the file is valid by its schema. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Puts in what stands for a part of the text, such as the rows of a table. Places are still those of the text. */
  rewrite(change: (value: T) => T): void {
    if (this.#value !== undefined) this.#value = change(this.#value);
  }

  #parse(text: string): Document {
    try {
      return parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    } catch (error) {
      // The parser calls itself for each level of nesting.
      if (!(error instanceof RangeError)) throw error;
      this.#add(0, "", "not valid YAML: nested too deeply");
      return new Document();
    }
  }

  /** Records a problem at the given path; with `offset`, that many characters into the text that stands there. */
  report(path: Path, cause: string, more: Finding = {}): void {
    this.problems.push(this.#at(path, cause, more));
  }

  /** Records a warning at the given path. */
  warn(path: Path, cause: string, more: Finding = {}): void {
    this.warnings.push(this.#at(path, cause, more));
  }

  #at(path: Path, cause: string, more: Finding): Problem {
    const { node, start } = this.#locate(path, more.key ? "key" : "value");
    const at = more.offset !== undefined && isScalar(node) ? this.#inside(node, start, more.offset) : start;
    return this.#problem(at, pathText(path), cause, more.suggestion);
  }

  #problem(offset: number, path: string, cause: string, suggestion: string | undefined): Problem {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    const at = { file: this.name, line: Math.max(line, 1), column: Math.max(col, 1), path, cause };
    return suggestion === undefined ? at : { ...at, suggestion };
  }

  #add(offset: number, path: string, cause: string, suggestion?: string): void {
    this.problems.push(this.#problem(offset, path, cause, suggestion));
  }

  #validate(schema: z.ZodType<T>): T | undefined {
    let plain: unknown;
    try {
      plain = this.#document.toJS();
    } catch (error) {
      this.#add(0, "", `not valid YAML: ${(error as Error).message}`);
      return undefined;
    }
    if (plain === null || plain === undefined) {
      this.#add(0, "", "the file is empty");
      return undefined;
    }
    const result = schema.safeParse(plain);
    if (result.success) return result.data;
    const known = fieldNames(schema);
    for (const issue of result.error.issues) this.#reportIssue(issue, [], known);
    return undefined;
  }

  #reportIssue(issue: z.core.$ZodIssue, prefix: Path, known: ReadonlySet<string>): void {
    const path = [...prefix, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const { start } = this.#locate([...path, key], "key");
        this.#add(
          start,
          pathText([...path, key]),
          `unknown field ${JSON.stringify(key)}`,
          didYouMean(key, known),
        );
      }
      return;
    }
    if (issue.code === "invalid_union") {
      // The alternative that fits best says what is wrong.
      const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0];
      if (nearest && nearest.length > 0) {
        for (const inner of nearest) this.#reportIssue(inner, path, known);
        return;
      }
    }
    const given: unknown = this.#document.getIn(path.filter((p) => typeof p !== "symbol"));
    if (given === undefined && path.length > 0) {
      const field = String(path.at(-1));
      this.report(
        path,
        `is missing: ${issue.message.replace("Invalid input: ", "").replace(", received undefined", "")}`,
        {
          suggestion: Object.hasOwn(MISSING, field) ? MISSING[field] : undefined,
        },
      );
      return;
    }
    const options: unknown =
      issue.code === "invalid_value" ? issue.values : "options" in issue ? issue.options : undefined;
    const words = Array.isArray(options) ? options.map(String) : [];
    this.report(path, issue.message, {
      suggestion: typeof given === "string" ? didYouMean(given, words) : undefined,
    });
  }

  /** The node at a path, or the nearest one above it. */
  #locate(path: Path, which: "key" | "value" = "value"): { node: unknown; start: number } {
    let node: unknown = this.#document.contents;
    let start = rangeStart(node, 0);
    for (const [i, part] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      if (isSeq(node) && typeof part === "number") {
        node = node.items[part];
        start = rangeStart(node, start);
        continue;
      }
      const pair = isMap(node) ? node.items.find((p) => isScalar(p.key) && p.key.value === part) : undefined;
      if (!isPair(pair)) break;
      node = which === "key" && i === path.length - 1 ? pair.key : (pair.value ?? pair.key);
      start = rangeStart(node, rangeStart(pair.key, start));
    }
    return { node, start };
  }

  /** Where the n-th character of a scalar's value stands; its start when folding or escapes make that hard to say. */
  #inside(node: Scalar, start: number, offset: number): number {
    const value = String(node.value);
    if (node.type === Scalar.BLOCK_LITERAL) {
      const lead = value.slice(0, offset);
      const row = lead.split("\n").length;
      const firstLine = this.#lines.linePos(start).line;
      const lineStart = this.#lines.lineStarts[firstLine + row - 1];
      if (lineStart === undefined) return start;
      // The block's own indentation; what a line has beyond it belongs to the value.
      const indent = /^ */.exec(this.#text.slice(this.#lines.lineStarts[firstLine]))![0].length;
      return lineStart + indent + (offset - (lead.lastIndexOf("\n") + 1));
    }
    const quote = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE ? 1 : 0;
    const verbatim = this.#text.startsWith(value, start + quote);
    return verbatim ? start + quote + offset : start;
  }
}

function rangeStart(node: unknown, otherwise: number): number {
  return (node as Node | null | undefined)?.range?.[0] ?? otherwise;
}

/** Every field name that the schema knows, at any depth: what a mistyped name is compared with. */
function fieldNames(schema: z.ZodType): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "properties" && typeof value === "object" && value !== null)
        for (const name of Object.keys(value)) names.add(name);
      visit(value);
    }
  };
  visit(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return names;
}

/** A file as text. */
export interface Source {
  /** Path relative to the definitions folder. */
  readonly name: string;
  readonly text: string;
}

export interface FilesOfKind<T> {
  readonly files: readonly DefinitionFile<T>[];
  /** Why there is no file; what is wrong in a file stands in the file. */
  readonly problems: readonly Problem[];
}

/**
 * Reads every `*.yaml` of a kind's folder, in order of name. A folder that is missing or empty is a problem. `extra` are
 * files from elsewhere: they are read as if they lay there, in place of one of the same name.
 */
export function readDefinitionFiles<T>(
  dir: string,
  folder: string,
  schema: z.ZodType<T>,
  extra: readonly Source[] = [],
): FilesOfKind<T> {
  const sources = new Map<string, string>();
  let cause = "the folder holds no .yaml file";
  try {
    for (const n of readdirSync(join(dir, folder)).filter((n) => /\.ya?ml$/.test(n)))
      sources.set(`${folder}/${n}`, readFileSync(join(dir, folder, n), "utf8"));
  } catch (error) {
    cause = `the folder cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
  }
  for (const { name, text } of extra) sources.set(name, text);
  if (sources.size === 0)
    return { files: [], problems: [{ file: folder, line: 1, column: 1, path: "", cause }] };
  const names = [...sources.keys()].sort();
  return { files: names.map((n) => new DefinitionFile(n, sources.get(n)!, schema)), problems: [] };
}
