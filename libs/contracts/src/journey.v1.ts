/** Journey definitions (`journeys/*.yaml`). Published versions are immutable. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { durationV1, localTimeV1 } from "./duration.js";
import { TERMINAL_OUTCOMES, RESPONSE_OUTCOMES } from "./outcome.v1.js";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case words joined by hyphens")
  .max(48);
/** A CEL expression over `event`, `context` and, inside an instance, `trigger`. */
const cel = z.string().min(1).max(2_000);
const eventTypes = z.union([z.string(), z.array(z.string()).min(1)]);

export const triggerV1 = z.strictObject({ event: eventTypes, when: cel.optional() });

/** Without `next` the journey is completed after the step. */
const common = { id, next: id.optional() };

const decideStep = z.strictObject({
  ...common,
  type: z.literal("decide"),
  /** Catalogue actions to choose from. */
  actions: z.array(id).min(1),
  channels: z.array(channelV1).min(1).optional(),
  /** Leave out the channels on which this instance has spoken before. */
  anotherChannel: z.boolean().optional(),
  /** `false`: what may not be said now (quiet hours) is not said later either; the step goes the way of `otherwise`. */
  defer: z.boolean().optional(),
  /**
   * Where to go when nothing may or should be said, or no answer came in time. Validation refuses a step without it;
   * versions published before that go on to `next`.
   */
  otherwise: id.optional(),
});

/** Says one given action: `decide` with a single candidate. */
const sendStep = z.strictObject({
  ...common,
  type: z.literal("send"),
  action: id,
  channels: z.array(channelV1).min(1).optional(),
  anotherChannel: z.boolean().optional(),
  otherwise: id.optional(),
});

/** Brings in a human: the action's channel is `agent`. */
const routeStep = z.strictObject({
  ...common,
  type: z.literal("route"),
  action: id,
  otherwise: id.optional(),
});

/** Does rather than says: the action's channel is `execute`. */
const executeStep = z.strictObject({
  ...common,
  type: z.literal("execute"),
  action: id,
  otherwise: id.optional(),
});

const waitCase = z.union([
  z.strictObject({ event: eventTypes, when: cel.optional(), goto: id }),
  /** An outcome of the instance's last command. */
  z.strictObject({ outcome: z.array(z.enum([...TERMINAL_OUTCOMES, ...RESPONSE_OUTCOMES])).min(1), goto: id }),
]);

/**
 * A moment on the clock. Local times are the customer's (without a zone on record: UTC). A local time that a clock change
 * skips is the moment of the change; of one that comes twice the first counts.
 */
const until = z.union([
  /** Epoch ms, or an ISO 8601 text (without an offset: the customer's local time). Past or unreadable: at once. Never later than `limit`. */
  z.strictObject({ date: cel, limit: durationV1 }),
  /** The next such time, later than now. */
  z.strictObject({ timeOfDay: localTimeV1 }),
  /** So many business days after today, at that local time. */
  z.strictObject({
    businessDays: z.number().int().min(1).max(60),
    at: localTimeV1,
    /** `weekdays`: Monday to Friday. `target`: those that are no closing day of TARGET, the Eurosystem's payment system. */
    calendar: z.enum(["weekdays", "target"]),
  }),
]);
export type WaitUntil = z.infer<typeof until>;

/** Has a time limit always: `atMost`, or `until`. */
const waitStep = z
  .strictObject({
    ...common,
    type: z.literal("wait"),
    /** Without it, time alone. */
    for: z.array(waitCase).optional(),
    atMost: durationV1.optional(),
    until: until.optional(),
    /** Where to go when the time has come; without it on to `next`. */
    onTimeout: id.optional(),
  })
  .refine((s) => s.atMost !== undefined || s.until !== undefined, {
    path: ["atMost"],
    message: "a wait says how long: atMost (a duration) or until (a moment)",
  })
  .refine((s) => s.atMost === undefined || s.until === undefined, {
    path: ["until"],
    message: "a wait says atMost or until, not both",
  });

const branchStep = z.strictObject({
  ...common,
  type: z.literal("branch"),
  cases: z.array(z.strictObject({ when: cel, goto: id })).min(1),
  otherwise: id,
});

/**
 * Steps side by side. Each branch is an instance of its own within this one and ends where its steps end (no `next`, or
 * an exit step); exit events and the goal of the journey end all of them.
 */
const parallelStep = z.strictObject({
  ...common,
  type: z.literal("parallel"),
  branches: z
    .array(z.strictObject({ id, first: id }))
    .min(2)
    .max(8),
  /** On to `next` when all branches have ended, or when the first has: the others end then. */
  join: z.enum(["all", "any"]),
  atMost: durationV1,
  /** When the time is over, or so many instances have no room; without it on to `next`. */
  onTimeout: id.optional(),
});

/** Sets context attributes, each to what an expression yields: a text, a number, true or false. All see what was there before the step. */
const updateStep = z.strictObject({
  ...common,
  type: z.literal("update"),
  set: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_]*$/, "a name such as loyaltyPoints")
        .max(64),
      cel,
    )
    .refine((set) => Object.keys(set).length > 0, "names at least one attribute"),
});

const exitStep = z.strictObject({ id, type: z.literal("exit"), reason: z.string().max(64) });

export const stepV1 = z.discriminatedUnion("type", [
  decideStep,
  sendStep,
  routeStep,
  executeStep,
  waitStep,
  branchStep,
  parallelStep,
  updateStep,
  exitStep,
]);
export type StepDefinition = z.infer<typeof stepV1>;

/** Priority of a journey that states none. */
export const DEFAULT_PRIORITY = 50;

export const journeyV1 = z
  .strictObject({
    kind: z.literal("Journey"),
    id,
    version: z.number().int().positive(),
    description: z.string(),
    purpose: purposeV1,
    /** Among marketing journeys that want to speak in the same moment the highest does; default 50. */
    priority: z.number().int().min(0).max(100).optional(),
    /** At most one open journey of a group per customer: a higher priority displaces the open one, any other is refused. */
    group: id.optional(),
    /** For `per-key`: at most so many instances of this journey side by side. */
    concurrency: z.number().int().min(1).max(16).optional(),
    /** What running instances do when this version is rolled back; default `stay`. */
    onRollback: z.enum(["stay", "exit", "to-previous"]).optional(),
    trigger: triggerV1,
    entry: z.discriminatedUnion("rule", [
      z.strictObject({ rule: z.literal("once") }),
      z.strictObject({ rule: z.literal("once-per"), period: durationV1 }),
      /** Again as soon as the last instance has ended. */
      z.strictObject({ rule: z.literal("after-exit") }),
      /**
       * Side by side, one per value of a CEL expression (payment id, loan id). An event for which it yields another value
       * does not concern the instance. `again`: under the same key, default `never`.
       */
      z.strictObject({
        rule: z.literal("per-key"),
        key: cel,
        again: z.union([z.enum(["never", "after-exit"]), durationV1]).optional(),
      }),
    ]),
    /** At most so many contacts of this journey in any such period. */
    cap: z.strictObject({ contacts: z.number().int().positive(), period: durationV1 }).optional(),
    /** Leaves at once from any step. */
    exitOn: z
      .array(z.strictObject({ event: eventTypes, when: cel.optional(), reason: z.string().max(64) }))
      .optional(),
    /** Reached from any step within the time from entry: goes to a step, or ends. Counted once. */
    goal: z
      .strictObject({
        event: eventTypes,
        when: cel.optional(),
        within: durationV1.optional(),
        goto: id.optional(),
      })
      .optional(),
    steps: z.array(stepV1).min(1).max(64),
  })
  .meta({ id: "Journey" });
export type JourneyDefinition = z.infer<typeof journeyV1>;
