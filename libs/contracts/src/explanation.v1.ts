/** What is told of a decision afterwards: computed again, and in plain words. */
import { z } from "zod";

/** A definition that a decision was made with: its version, and what tells its content from another. */
export const definitionUsedV1 = z.object({
  kind: z.enum(["catalogue", "policy", "experiment"]),
  id: z.string(),
  version: z.number().int(),
  digest: z.string(),
});
export type DefinitionUsed = z.infer<typeof definitionUsedV1>;

/** Where two JSON values first differ: `path` such as `reply.plan[0].channel`, the values as JSON, absent where there is none. */
export const differenceV1 = z.object({
  path: z.string(),
  expected: z.string().optional(),
  actual: z.string().optional(),
});

export const decisionReplayV1 = z
  .object({
    decisionId: z.string(),
    /** `impossible`: a definition of its day was changed or is not in the archive. */
    result: z.enum(["same", "different", "impossible"]),
    difference: differenceV1.optional(),
    definitions: z.array(definitionUsedV1),
    /** Of the record, and their SHA-256 (hex). */
    bytes: z.number().int(),
    sha256: z.string(),
    /** Whether the customer's audit chain names this very record. */
    chain: z.enum(["named", "not-named", "names-another"]),
    notes: z.array(z.string()),
    problems: z.array(z.string()),
  })
  .meta({ id: "DecisionReplay" });
export type DecisionReplay = z.infer<typeof decisionReplayV1>;

export const decisionExplainedV1 = z
  .object({
    decisionId: z.string(),
    customerId: z.string(),
    time: z.string(),
    /** What happened, and what was asked. */
    happened: z.array(z.string()),
    /** What was decided, and why. */
    decided: z.array(z.string()),
    /** How the best was found: the runner-up, what the models went by, which situations counted. */
    arbitration: z.array(z.string()),
    /** Why not each of the others. */
    others: z.array(z.string()),
    /** Consents, holds, quiet hours and caps that had a part in it. */
    mattered: z.array(z.string()),
    /** `source`: the law, regulation or house rule that a policy pack comes from. */
    rules: z.array(definitionUsedV1.extend({ source: z.string().optional() })),
    /** What became of it. */
    afterwards: z.array(z.string()),
    /** Each computed, with one fact changed; those that change the decision first. */
    whatIf: z.array(z.object({ if: z.string(), decision: z.string(), changes: z.boolean() })),
    replay: decisionReplayV1,
    /** How it is on record, and what was found wrong there. */
    record: z.array(z.string()),
    notes: z.array(z.string()),
  })
  .meta({ id: "DecisionExplained" });
export type DecisionExplained = z.infer<typeof decisionExplainedV1>;
