/** Journey definitions (`journeys/*.yaml`). Published versions are immutable. */
import { z } from "zod";
import { channelV1, purposeV1 } from "./channel.v1.js";
import { durationV1 } from "./duration.js";
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
  /** Where to go when nothing may or should be said, or no answer came in time; otherwise on to `next`. */
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

const waitStep = z.strictObject({
  ...common,
  type: z.literal("wait"),
  /** Without it, time alone. */
  for: z.array(waitCase).optional(),
  atMost: durationV1,
  onTimeout: id.optional(),
});

const branchStep = z.strictObject({
  ...common,
  type: z.literal("branch"),
  cases: z.array(z.strictObject({ when: cel, goto: id })).min(1),
  otherwise: id,
});

const exitStep = z.strictObject({ id, type: z.literal("exit"), reason: z.string().max(64) });

export const stepV1 = z.discriminatedUnion("type", [
  decideStep,
  sendStep,
  routeStep,
  executeStep,
  waitStep,
  branchStep,
  exitStep,
]);
export type StepDefinition = z.infer<typeof stepV1>;

export const journeyV1 = z
  .strictObject({
    kind: z.literal("Journey"),
    id,
    version: z.number().int().positive(),
    description: z.string(),
    purpose: purposeV1,
    /** What running instances do when this version is rolled back; default `stay`. */
    onRollback: z.enum(["stay", "exit", "to-previous"]).optional(),
    trigger: triggerV1,
    entry: z.discriminatedUnion("rule", [
      z.strictObject({ rule: z.literal("once") }),
      z.strictObject({ rule: z.literal("once-per"), period: durationV1 }),
      /** Again as soon as the last instance has ended. */
      z.strictObject({ rule: z.literal("after-exit") }),
      /** Side by side, one per value of a CEL expression (payment id, loan id). */
      z.strictObject({ rule: z.literal("per-key"), key: cel }),
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
