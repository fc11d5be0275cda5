/**
 * Event vocabularies (`events/*.yaml`): the event types that the bank's systems send, so that a misspelt one is noticed.
 * Nothing is refused by them: an event of an undeclared type is applied as any other.
 */
import { z } from "zod";

export const eventVocabularyV1 = z
  .strictObject({
    kind: z.literal("Events").describe("Says that this file is an event vocabulary"),
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
      .max(48)
      .describe("Name of the vocabulary"),
    version: z.number().int().positive().describe("Raised with every change"),
    description: z.string().describe("Which systems these events come from"),
    events: z
      .array(
        z.strictObject({
          type: z.string().describe("The CloudEvents type: tokens joined by dots, in the past tense"),
          description: z.string().describe("What has happened when it comes"),
          data: z
            .record(z.string(), z.string())
            .optional()
            .describe(
              "Fields of its data, each with what it means; conditions read them as event.data.<field>",
            ),
        }),
      )
      .min(1)
      .describe("The event types"),
  })
  .meta({ id: "EventVocabulary", description: "The event types that the bank's systems send" });
export type EventVocabulary = z.infer<typeof eventVocabularyV1>;
