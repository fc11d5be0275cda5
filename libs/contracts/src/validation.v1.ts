/** What a validation of definitions finds, as the CLI (`--json`) and the gateway answer it. */
import { z } from "zod";

export const definitionProblemV1 = z
  .object({
    file: z.string().describe("The file, relative to the definitions folder"),
    line: z.number().int().positive().describe("From 1"),
    column: z.number().int().positive().describe("From 1"),
    path: z.string().describe("Where in the document, such as steps[2].next; empty for all of it"),
    cause: z.string(),
    suggestion: z.string().optional(),
  })
  .meta({ id: "DefinitionProblem" });

export const journeyValidationV1 = z
  .object({
    ok: z.boolean().describe("True when there are no problems; there may be warnings"),
    problems: z.array(definitionProblemV1).describe("What the services refuse"),
    warnings: z.array(definitionProblemV1).describe("What is allowed and looks like a mistake"),
  })
  .meta({ id: "JourneyValidation" });
export type JourneyValidationAnswer = z.infer<typeof journeyValidationV1>;
