/** Errors over HTTP: problem details, RFC 9457 (`application/problem+json`). */
import { z } from "zod";

/** One thing that is wrong with a request. `pointer` is an RFC 6901 JSON pointer into the body (empty: the whole). */
export const problemErrorV1 = z.object({
  pointer: z.string(),
  /** The same word as the DLQ reason of that fault. */
  code: z.string().optional(),
  detail: z.string(),
});
export type ProblemErrorEntry = z.infer<typeof problemErrorV1>;

export const problemV1 = z
  .looseObject({
    /** Relative to the gateway: a page that explains it, e.g. `/problems/malformed-json`. */
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    /** `urn:uuid:` of this occurrence; the gateway's logs carry the same id. */
    instance: z.string(),
    errors: z.array(problemErrorV1).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });
export type Problem = z.infer<typeof problemV1>;
