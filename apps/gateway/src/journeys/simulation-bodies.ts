/** Bodies of `POST /v1/journeys/simulate`. */
import { z } from "zod";
import { cloudEventV1, journeyV1 } from "#contracts";

export const simulateRequestV1 = z
  .strictObject({
    /** The new version. */
    definition: z.unknown(),
    /** CloudEvents with a time; without them those of the stream. */
    events: z.array(z.unknown()).optional(),
    /** Of the stream, by the time of storing; default yesterday (UTC). */
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
  })
  .refine((b) => b.events === undefined || (b.since === undefined && b.until === undefined), {
    path: ["events"],
    message: "events and since or until: give one of them",
  });

/** The same for the API's document, with what the definition and the events are. */
export const simulateRequestDocument = z
  .object({
    definition: journeyV1,
    events: z.array(cloudEventV1).optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
  })
  .meta({ id: "SimulateRequest" });

/** What of a report programs rely on; more members stand beside them. */
export const simulationReportV1 = z
  .looseObject({
    passes: z.boolean(),
    candidate: z.object({ journey: z.string(), version: z.number().int() }),
    published: z.object({ version: z.number().int() }).optional(),
    gate: z
      .object({
        id: z.string(),
        version: z.number().int(),
        verdicts: z.array(
          z.looseObject({
            limit: z.string(),
            verdict: z.enum(["kept", "broken", "not-judged"]),
            detail: z.string(),
            reason: z.string(),
          }),
        ),
      })
      .optional(),
    difference: z.looseObject({
      gained: z.number().int(),
      lost: z.number().int(),
      changed: z.number().int(),
      same: z.number().int(),
    }),
    assumptions: z.array(z.string()),
  })
  .meta({ id: "SimulationReport" });
