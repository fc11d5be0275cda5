/** What adaptive models have learned, as it stands in the bucket `models`. */
import { z } from "zod";
import { channelV1, type Channel } from "./channel.v1.js";
import { priorV1 } from "./model.v1.js";

/**
 * What a model knows of one action on one channel: an arm. State and place in AUDIT are one value, written by compare-and-set, so
 * that each outcome is learned once, whoever writes and whatever crashes.
 */
export const armV1 = z
  .object({
    v: z.literal(1),
    model: z.string(),
    action: z.string(),
    channel: channelV1,
    /** What it started from. */
    prior: priorV1,
    /** AUDIT sequence of the last order that it learned of; 0 before the first. */
    upTo: z.number().int().nonnegative(),
    /** Orders learned of, and successes among them. The first is the version of the state. */
    learned: z.number().int().nonnegative(),
    successes: z.number().int().nonnegative(),
    /** Of the learning library (`libs/domain/src/learning`). */
    state: z.record(z.string(), z.unknown()),
    /** How it has done, each outcome predicted before it was learned. */
    watch: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Arm", description: "What a model has learned of one action on one channel" });

/** How far a model has read AUDIT. Only where reading goes on: what was learned stands in the arms. */
export const modelPositionV1 = z
  .object({
    v: z.literal(1),
    model: z.string(),
    /** AUDIT sequence of the last order that is settled. */
    settled: z.number().int().nonnegative(),
    /** AUDIT sequence and time (Segue's clock, epoch ms) of the order that the reader looks ahead to. */
    ahead: z.number().int().nonnegative(),
    aheadAt: z.number(),
    /** Orders settled: learned of; of which it is not known that the customer had them; which could not be read. */
    learned: z.number().int().nonnegative(),
    unseen: z.number().int().nonnegative(),
    unreadable: z.number().int().nonnegative(),
  })
  .meta({ id: "ModelPosition", description: "How far a model has read AUDIT" });
export type ModelPosition = z.infer<typeof modelPositionV1>;

/** Keys of the bucket `models`. `digest` names what is learned and of what: another definition begins anew. */
export const modelKeys = {
  arm: (model: string, digest: string, action: string, channel: Channel): string =>
    `${model}.${digest}.arm.${action}.${channel}`,
  armsOf: (model: string, digest: string): string => `${model}.${digest}.arm.>`,
  arms: "*.*.arm.>",
  position: (model: string, digest: string): string => `${model}.${digest}.position`,
} as const;
