/** "May we, and why (not)": what policy would answer about one action for one customer, channel by channel. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { reasonCodeV1 } from "./policy.v1.js";

export const channelPermissionV1 = z.object({
  channel: channelV1,
  verdict: z.enum(["permitted", "deferred", "denied"]),
  reason: reasonCodeV1,
  /** The reason as a sentence. */
  means: z.string(),
  /** The rule that decided, and the law, regulation or house rule that it comes from. */
  rule: z.string().optional(),
  source: z.string().optional(),
  /** The first time (ISO) at which the same question would be answered with yes, if nothing else changed until then. */
  permittedFrom: z.string().optional(),
  /** The time until which a message would be kept back: somewhat after the first, so that not all leave at once. */
  deferredUntil: z.string().optional(),
});

export const permissionsV1 = z
  .object({
    customerId: z.string(),
    action: z.string(),
    purpose: purposeV1,
    /** ISO. */
    at: z.string(),
    permitted: z.boolean(),
    channels: z.array(channelPermissionV1),
    /** Policy packs that judged, with the names of their versions. */
    packs: z.array(z.string()),
  })
  .meta({ id: "Permissions" });
export type Permissions = z.infer<typeof permissionsV1>;
export type ChannelPermission = Permissions["channels"][number];
