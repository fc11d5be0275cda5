/** What the table of routes says about each route. */
import type { z } from "zod";
import type { ProblemKind } from "../problem.js";

export interface ApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: z.ZodType | Readonly<Record<string, unknown>>;
}

export interface ApiBody {
  readonly mediaType: string;
  readonly schema: z.ZodType;
  /** Whether the body is one of the schema (also when unset), an array of it, or either. */
  readonly holds?: "one" | "many" | "one-or-many";
  readonly example: unknown;
}

export interface ApiRoute {
  readonly method: "get" | "post" | "put" | "delete";
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: "Events" | "Customers" | "Decisions" | "Journeys" | "Definitions";
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly ApiParameter[];
  readonly body?: { readonly description: string; readonly contents: readonly ApiBody[] };
  readonly answer: {
    readonly status: 200 | 202;
    readonly description: string;
    readonly schema: z.ZodType;
    readonly example: unknown;
  };
  readonly problems: readonly ProblemKind[];
  /** Arguments of curl after the address; `$SEGUE` is the gateway's address. */
  readonly curl: string;
}
