/**
 * Journey definitions (`journeys/*.yaml`). Published versions are immutable. The descriptions are shown by editors and make
 * docs/journeys-reference.md.
 */
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
const eventTypes = z
  .union([z.string(), z.array(z.string()).min(1)])
  .describe("Event type, or a list of them: any of these");
const reason = z.string().max(64).describe("Why it ended, a word for reports");
const condition = cel.describe("Condition in CEL; an expression that cannot be computed counts as false");
const goTo = id.describe("Step to go to");

export const triggerV1 = z
  .strictObject({ event: eventTypes, when: condition.optional() })
  .describe("What starts it: an event, and a condition over event and context");

const common = {
  id: id.describe("Name of the step, unique within the journey"),
  next: id.optional().describe("Step to go on to; without it the journey is completed after this step"),
};
/** Validation refuses a step without it; versions published before it did go on to `next`. */
const otherwise = id
  .optional()
  .describe(
    "Step to go to when this one cannot be done: nothing may or should be said, or no answer came in time. Always say it",
  );
const channels = z
  .array(channelV1)
  .min(1)
  .optional()
  .describe("Only these channels, in this order; without it those of the action, in its order");
const anotherChannel = z
  .boolean()
  .optional()
  .describe("Leave out the channels on which this instance has spoken before");

const decideStep = z
  .strictObject({
    ...common,
    type: z.literal("decide"),
    actions: z.array(id).default([]).describe("Actions of the catalogue to choose from"),
    candidates: z
      .strictObject({
        tags: z.array(id).min(1).max(16).describe("Every action of the catalogue that has one of these tags"),
      })
      .optional()
      .describe("More to choose from, by tag: whatever the catalogue has when it is decided"),
    channels,
    anotherChannel,
    defer: z
      .boolean()
      .optional()
      .describe(
        "false: what may not be said now (quiet hours) is not said later either, the step goes the way of otherwise; default true",
      ),
    otherwise,
  })
  .refine((s) => s.actions.length > 0 || s.candidates !== undefined, {
    path: ["actions"],
    message: "a decide step names actions, or tags under candidates",
  })
  .describe("Chooses the best of several actions for this customer now, if any, and orders it");

const sendStep = z
  .strictObject({
    ...common,
    type: z.literal("send"),
    action: id.describe("The action of the catalogue"),
    channels,
    anotherChannel,
    otherwise,
  })
  .describe("Says one given action: a decide step with a single candidate");

const routeStep = z
  .strictObject({
    ...common,
    type: z.literal("route"),
    action: id.describe("The action of the catalogue; it has a treatment for channel agent"),
    otherwise,
  })
  .describe("Brings in a human: a case for an agent, with the context that the agent needs");

const executeStep = z
  .strictObject({
    ...common,
    type: z.literal("execute"),
    action: id.describe("The action of the catalogue; it has a treatment for channel execute"),
    otherwise,
  })
  .describe("Does rather than says: retry a payment, grant a reward");

const waitCase = z.union([
  z
    .strictObject({ event: eventTypes, when: condition.optional(), goto: goTo })
    .describe("An event that comes while it waits"),
  z
    .strictObject({
      outcome: z
        .array(z.enum([...TERMINAL_OUTCOMES, ...RESPONSE_OUTCOMES]))
        .min(1)
        .describe("Any of these"),
      goto: goTo,
    })
    .describe("An outcome of the instance's last command"),
]);

const until = z
  .union([
    z
      .strictObject({
        date: cel.describe(
          "Epoch ms, or an ISO 8601 text (without an offset: the customer's local time), in CEL; past or unreadable: at once",
        ),
        limit: durationV1.describe("Never later than so long from now"),
      })
      .describe("Until a date"),
    z
      .strictObject({ timeOfDay: localTimeV1.describe("The next such time, later than now") })
      .describe("Until a time of day"),
    z
      .strictObject({
        businessDays: z.number().int().min(1).max(60).describe("So many business days after today"),
        at: localTimeV1.describe("At this time of that day"),
        calendar: z
          .enum(["weekdays", "target"])
          .describe(
            "weekdays: Monday to Friday. target: those that are no closing day of TARGET, the Eurosystem's payment system",
          ),
      })
      .describe("Until a business day"),
  ])
  .describe(
    "A moment on the clock. Local times are the customer's (without a zone on record: UTC). A local time that a clock change skips is the moment of the change; of one that comes twice the first counts",
  );
export type WaitUntil = z.infer<typeof until>;

const waitStep = z
  .strictObject({
    ...common,
    type: z.literal("wait"),
    for: z
      .array(waitCase)
      .optional()
      .describe("What it waits for, the first that holds; without it for time alone"),
    atMost: durationV1
      .optional()
      .describe("How long at most. A wait says this or until: none is without a limit"),
    until: until.optional(),
    onTimeout: id.optional().describe("Step to go to when the time has come; without it on to next"),
  })
  .refine((s) => s.atMost !== undefined || s.until !== undefined, {
    path: ["atMost"],
    message: "a wait says how long: atMost (a duration) or until (a moment)",
  })
  .refine((s) => s.atMost === undefined || s.until === undefined, {
    path: ["until"],
    message: "a wait says atMost or until, not both",
  })
  .describe("Waits for an event, an outcome or a time; always with a limit");

const branchStep = z
  .strictObject({
    ...common,
    type: z.literal("branch"),
    cases: z
      .array(z.strictObject({ when: condition, goto: goTo }))
      .min(1)
      .describe("The first whose condition holds"),
    otherwise: id.describe("Step to go to when none holds"),
  })
  .describe("Goes on by conditions");

const parallelStep = z
  .strictObject({
    ...common,
    type: z.literal("parallel"),
    branches: z
      .array(
        z.strictObject({
          id: id.describe("Name of the branch"),
          first: id.describe("Its first step"),
        }),
      )
      .min(2)
      .max(8)
      .describe("Each ends where its steps end: no next, or an exit step"),
    join: z
      .enum(["all", "any"])
      .describe("On to next when all branches have ended, or when the first has: the others end then"),
    atMost: durationV1.describe("How long at most"),
    onTimeout: id
      .optional()
      .describe(
        "Step to go to when the time is over, or so many instances have no room; without it on to next",
      ),
  })
  .describe("Steps side by side. Exit events and the goal of the journey end all of them");

const updateStep = z
  .strictObject({
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
      .refine((set) => Object.keys(set).length > 0, "names at least one attribute")
      .describe(
        "Attribute and expression: a text, a number, true or false. All see what was there before the step",
      ),
  })
  .describe("Sets attributes of the customer's context");

const exitStep = z
  .strictObject({
    id: common.id,
    type: z.literal("exit"),
    reason,
  })
  .describe("Ends the journey, or the branch of a parallel step");

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

const entry = z
  .discriminatedUnion("rule", [
    z.strictObject({ rule: z.literal("once") }).describe("Once ever"),
    z
      .strictObject({
        rule: z.literal("once-per"),
        period: durationV1.describe("How long after one entry there is no other"),
      })
      .describe("Once in a period"),
    z
      .strictObject({ rule: z.literal("after-exit") })
      .describe("Again as soon as the last instance has ended"),
    z
      .strictObject({
        rule: z.literal("per-key"),
        key: cel.describe(
          "What tells instances apart, such as event.data.paymentId. An event for which it yields another value does not concern the instance",
        ),
        again: z
          .union([z.enum(["never", "after-exit"]), durationV1])
          .optional()
          .describe("Under the same key: never (the default), after-exit, or so long after the last entry"),
      })
      .describe("Side by side, one per value of an expression: payment id, loan id"),
  ])
  .describe("How often one customer may enter");

export const journeyV1 = z
  .strictObject({
    kind: z.literal("Journey").describe("Says that this file is a journey"),
    id: id.describe("Name of the journey, the same in all of its versions"),
    version: z.number().int().positive().describe("A published version never changes; a change is a new one"),
    description: z.string().describe("What starts it, what it wants, and when it is silent: for people"),
    purpose: purposeV1,
    priority: z
      .number()
      .int()
      .min(0)
      .max(100)
      .optional()
      .describe(
        "Among marketing journeys that want to speak in the same moment the highest does; default 50",
      ),
    group: id
      .optional()
      .describe(
        "At most one open journey of a group per customer: a higher priority displaces the open one, any other is refused",
      ),
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe("For per-key: at most so many instances of this journey side by side"),
    onRollback: z
      .enum(["stay", "exit", "to-previous"])
      .optional()
      .describe("What running instances do when this version is rolled back; default stay"),
    trigger: triggerV1,
    entry,
    cap: z
      .strictObject({
        contacts: z.number().int().positive().describe("So many contacts"),
        period: durationV1.describe("In any such period"),
      })
      .optional()
      .describe("Bound of this journey's contacts, besides those of the policies"),
    exitOn: z
      .array(z.strictObject({ event: eventTypes, when: condition.optional(), reason }))
      .optional()
      .describe("Events that end it at once, from any step"),
    goal: z
      .strictObject({
        event: eventTypes,
        when: condition.optional(),
        within: durationV1.optional().describe("Counts only so long after entry"),
        goto: id.optional().describe("Step to go to; without it the journey ends"),
      })
      .optional()
      .describe("What is hoped for, from any step; counted once"),
    steps: z.array(stepV1).min(1).max(64).describe("The steps; it begins at the first one"),
  })
  .meta({ id: "Journey", description: "How one goal is pursued with a customer" });
export type JourneyDefinition = z.infer<typeof journeyV1>;
