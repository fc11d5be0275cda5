/**
 * The context: all that Segue holds about one customer. One message per customer in stream CTX, written
 * only by compare-and-set. Everything in it is bounded: rings and counters, no list that grows.
 */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { customerIdV1 } from "./ids.js";
import { momentV1 } from "./decision.v1.js";
import { engagementV1 } from "./engagement.v1.js";
import { profileV1 } from "./policy.v1.js";

/** Bounds of a context. */
export const LIMITS = {
  /** Event types counted one by one; further types are counted under `other`. */
  signalTypes: 64,
  attributes: 32,
  /** Characters of an attribute's name, and of its text; longer ones are not kept. */
  attributeChars: 64,
  recent: 20,
  /** Events whose ids are remembered to drop duplicates. */
  seen: 128,
  journeys: 16,
  contacts: 20,
  /** Characters of a value that an entry rule goes by; a longer one is kept as its fingerprint. */
  entryKeyChars: 128,
  /** Keys remembered for entry rules, over all journeys; the oldest leaves first. */
  entries: 64,
  /** Bytes of event data kept with a journey instance. */
  triggerBytes: 2_048,
} as const;

/** A wait of a journey instance. `id` is unique within the instance and safe as a subject token. */
export const openWaitV1 = z.object({
  id: z.string(),
  /** `join`: of a parallel step, for its branches. */
  kind: z.enum(["event", "deferred", "join"]),
  /** Epoch ms. */
  dueAt: z.number(),
});

export const journeyInstanceV1 = z.object({
  /** `<journey>-<n>`; of a branch `<journey>_<n>_<k>`. */
  id: z.string(),
  journey: z.string(),
  version: z.number().int(),
  /** Version of the engine at entry, whose behaviour it keeps; 0 when absent. */
  engine: z.number().int().optional(),
  /** Entered under this value of the journey's key. */
  key: z.string().optional(),
  /** Of a branch of a parallel step: the instance that runs the step, and the branch. */
  parent: z.string().optional(),
  branch: z.string().optional(),
  enteredAt: z.number(),
  /** `ready`: wants to run on; `waiting`: until an event or a time; `paused`: until what holds it is lifted. */
  status: z.enum(["ready", "waiting", "paused"]),
  step: z.string(),
  /** Steps run so far: bounds loops, and makes wait ids unique. */
  steps: z.number().int(),
  trigger: momentV1,
  wait: openWaitV1.optional(),
  /** While paused: why, since when (epoch ms), and the wait that was taken down, with the time that it had left. */
  paused: z
    .object({
      reason: z.string(),
      since: z.number(),
      wait: openWaitV1.pick({ kind: true }).extend({ remainingMs: z.number().nonnegative() }).optional(),
    })
    .optional(),
  /** The last command it caused; `outcome` waits are about this one. */
  command: z.string().optional(),
  /** Channels on which this instance has already spoken. */
  used: z.array(channelV1),
  deferrals: z.number().int(),
  goalReached: z.boolean().optional(),
});
export type JourneyInstance = z.infer<typeof journeyInstanceV1>;

/**
 * What is kept of a rolling window: constant, however many events come. Buckets of `bucketMs` by number (time divided by
 * `bucketMs`); `at` is the newest one. `sum`: per bucket, newest first, at most 32. `slots`: the sketch of `distinct`.
 */
export const windowStateV1 = z.union([
  z.object({ sum: z.array(z.number()).max(32), at: z.number().int(), bucketMs: z.number().int() }),
  z.object({ slots: z.string(), at: z.number().int(), bucketMs: z.number().int() }),
  z.object({ last: z.number(), windowMs: z.number().int() }),
]);
export type WindowState = z.infer<typeof windowStateV1>;

export const contactV1 = z.object({
  commandId: z.string(),
  action: z.string(),
  channel: channelV1,
  purpose: purposeV1,
  at: z.number(),
  /** Terminal outcome, once known. */
  outcome: z.string().optional(),
  /** The debt that it is about, where it is about one. */
  debt: z.string().optional(),
});
export type Contact = z.infer<typeof contactV1>;

/** A message that must leave because of a commit; kept in the snapshot until its publish is acknowledged. */
export const outboxEntryV1 = z.object({
  /** Message id, deterministic. */
  id: z.string(),
  subject: z.string(),
  body: z.unknown(),
  headers: z.record(z.string(), z.string()).optional(),
});
export type OutboxEntry = z.infer<typeof outboxEntryV1>;

export const contextV1 = z
  .object({
    v: z.literal(1),
    customerId: customerIdV1,
    /** Events applied, duplicates dropped, events sent to DLQ by the actor. */
    applied: z.number().int(),
    duplicates: z.number().int(),
    deadLettered: z.number().int(),
    /** EVT sequence of the last event handled; anything at or below it has been handled. */
    watermark: z.number().int(),
    /** EVT sequence of the last outcome of a command; 0 when there was none. */
    outcomesUpTo: z.number().int().nonnegative().default(0),
    /** Segue's clock at the last event, epoch ms; never goes back. */
    now: z.number(),
    profile: profileV1,
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    /** Protected attributes: for monitoring alone, no decision sees them. */
    monitoring: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    signals: z.record(z.string(), z.object({ n: z.number().int(), last: z.number() })),
    /** Rolling windows (`signals/`) by id; those of which nothing came are not here. */
    windows: z.record(z.string(), windowStateV1).optional(),
    /** The last events, oldest first. */
    recent: z.array(z.object({ id: z.string(), source: z.string(), type: z.string(), time: z.number() })),
    /** Fixed-width hashes of the last `LIMITS.seen` source+id pairs, oldest first, in one string. */
    seen: z.string(),
    journeys: z.array(journeyInstanceV1),
    /** Per entry key (`<journey>` or `<journey>/<key>`): how often entered, and when last. */
    entries: z.record(
      z.string(),
      z.object({ n: z.number().int(), enteredAt: z.number(), exitedAt: z.number().optional() }),
    ),
    contacts: z.array(contactV1),
    /** How the customer took what was said; absent until something is, so that older contexts replay as they were. */
    engagement: engagementV1.optional(),
    /** Head of this customer's audit chain: number of records and hash of the last. */
    audit: z.object({ n: z.number().int(), hash: z.string() }),
    outbox: z.array(outboxEntryV1),
  })
  .meta({ id: "Context" });
export type Context = z.infer<typeof contextV1>;
