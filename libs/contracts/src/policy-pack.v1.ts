/** Policy packs (`policies/*.yaml`): what may be said, when, and how often. All packs apply; the strictest wins. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { holdKindV1 } from "./cloud-event.v1.js";
import { durationV1, localTimeV1 } from "./duration.js";

export const policyRuleV1 = z.strictObject({
  purpose: purposeV1,
  /** Whether a recorded consent is needed. A recorded refusal always counts. */
  consent: z.enum(["required", "not-refused", "ignored"]),
  /** Holds that stop it. */
  blockedBy: z.array(holdKindV1).default([]),
  /** No contact between these local times (may run over midnight); deferred until the end. */
  quietHours: z
    .strictObject({ from: localTimeV1, to: localTimeV1, channels: z.array(channelV1).optional() })
    .optional(),
  /** At most `count` contacts in any rolling `period`; with `channel` only those on it; otherwise all of this purpose. */
  caps: z
    .array(
      z.strictObject({
        count: z.number().int().positive(),
        period: durationV1,
        channel: channelV1.optional(),
      }),
    )
    .default([]),
});
export type PolicyRule = z.infer<typeof policyRuleV1>;

export const policyPackV1 = z
  .strictObject({
    kind: z.literal("PolicyPack"),
    id: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      .max(48),
    version: z.number().int().positive(),
    description: z.string(),
    /** Law, regulation or house rule that it comes from. */
    source: z.string(),
    rules: z.array(policyRuleV1).min(1),
  })
  .meta({ id: "PolicyPack" });
export type PolicyPackDefinition = z.infer<typeof policyPackV1>;
