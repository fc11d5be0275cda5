/** Policy packs (`policies/*.yaml`): what may be said, when, and how often. All packs apply; the strictest wins. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { holdKindV1 } from "./cloud-event.v1.js";
import { durationV1, localTimeV1 } from "./duration.js";

export const policyRuleV1 = z.strictObject({
  purpose: purposeV1,
  consent: z
    .enum(["required", "not-refused", "ignored"])
    .describe("Whether a recorded consent is needed. A recorded refusal always counts"),
  blockedBy: z.array(holdKindV1).default([]).describe("Holds that stop it"),
  quietHours: z
    .strictObject({
      from: localTimeV1.describe("From this local time of the customer"),
      to: localTimeV1.describe("Until this one, over midnight if it is earlier"),
      channels: z.array(channelV1).optional().describe("On these channels; without it on all"),
    })
    .optional()
    .describe("No contact between these times; what may not be said then is deferred until the end"),
  caps: z
    .array(
      z.strictObject({
        count: z.number().int().positive().describe("At most so many contacts"),
        period: durationV1.describe("In any such period, rolling"),
        channel: channelV1.optional().describe("Only those on this channel; without it all of this purpose"),
      }),
    )
    .default([])
    .describe("Bounds of contacts"),
});
export type PolicyRule = z.infer<typeof policyRuleV1>;

export const policyPackV1 = z
  .strictObject({
    kind: z.literal("PolicyPack").describe("Says that this file is a policy pack"),
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      .max(48)
      .describe("Name of the pack"),
    version: z.number().int().positive().describe("Raised with every change; verdicts record it"),
    description: z.string().describe("What it is for"),
    source: z.string().describe("Law, regulation or house rule that it comes from"),
    rules: z.array(policyRuleV1).min(1).describe("One rule per purpose; of several the strictest counts"),
  })
  .meta({ id: "PolicyPack", description: "What may be said, when, and how often" });
export type PolicyPackDefinition = z.infer<typeof policyPackV1>;
