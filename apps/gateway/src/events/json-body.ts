/** JSON bodies that are no events, read once by their schema. */
import type { z } from "zod";
import { bodyOf, type GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";
import { readJson } from "./event-body.js";
import { zodErrors } from "./event-check.js";

/** The body of a request as its schema reads it. Throws `malformed-json`, `unsupported-media-type`, `too-large` or `invalid-data`. */
export function bodyAs<T>(schema: z.ZodType<T>, request: GatewayRequest, what = "body"): T {
  const result = schema.safeParse(readJson({ headers: request.headers, body: bodyOf(request) }));
  if (result.success) return result.data;
  throw new ProblemError("invalid-data", `The ${what} does not fit the schema, see errors.`, {
    errors: zodErrors(result.error, "").map(({ pointer, detail }) => ({
      pointer,
      code: "invalid_data",
      detail,
    })),
  });
}
