/** Scenarios (`scenarios/*.yaml`): what happens to a few customers, when, and what must come of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import {
  CHANNELS,
  channelV1,
  isContact,
  isEventType,
  RESPONSE_OUTCOMES,
  TERMINAL_OUTCOMES,
  type Channel,
  type ConsentChanged,
} from "#contracts";

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/** `2d 4h` after the start, as ms. */
const offset = z
  .string()
  .regex(/^\d+[dhms]( \d+[dhms])*$/, 'a time after the start such as "0m", "6h" or "2d 4h"')
  .transform((text) =>
    text
      .split(" ")
      .reduce(
        (sum, part) => sum + Number(part.slice(0, -1)) * UNIT_MS[part.at(-1) as keyof typeof UNIT_MS],
        0,
      ),
  );

const data = z.record(z.string(), z.unknown());

const entryV1 = z.union([
  /**
   * An event of the bank. `$command` as a value stands for the id of the customer's last command. `times`: so often under the
   * same id, as a bank system sends that does not hear the answer.
   */
  z.strictObject({
    at: offset,
    event: z.string().refine(isEventType),
    data: data.default({}),
    times: z.number().int().min(1).max(50).default(1),
  }),
  /**
   * The same as a question (`POST /v1/moments`): the action that must be the answer, or null. `times`: so often, one after the
   * other, under the same id.
   */
  z.strictObject({
    at: offset,
    asks: z.string().refine(isEventType),
    data: data.default({}),
    answer: z.string().nullable(),
    times: z.number().int().min(1).max(50).default(1),
  }),
  /** What the customer does with the last message. */
  z.strictObject({ at: offset, does: z.enum(RESPONSE_OUTCOMES) }),
  /** Nothing happens until then; waits fall due. */
  z.strictObject({ at: offset, passes: z.literal("time") }),
]);
export type TimelineEntry = z.infer<typeof entryV1>;

/** `5d card-activation-reminder push delivered`: when, what, over which channel, with which outcome. */
const command = z.string().transform((text, ctx) => {
  const m = /^(\d+[dhms](?: \d+[dhms])*) ([a-z0-9-]+) ([a-z]+) ([a-z]+)$/.exec(text);
  const at = offset.safeParse(m?.[1]);
  const channel = channelV1.safeParse(m?.[3]);
  const outcome = z.enum(TERMINAL_OUTCOMES).safeParse(m?.[4]);
  if (m && at.success && channel.success && outcome.success)
    return { at: at.data, action: m[2]!, channel: channel.data, outcome: outcome.data };
  ctx.addIssue({
    code: "custom",
    message: `write "<time> <action> <channel> <outcome>", not ${JSON.stringify(text)}`,
  });
  return z.NEVER;
});
export type ExpectedCommand = z.infer<typeof command>;

/** `card-onboarding settled`: journey and reason. */
const journeyAndReason = z.string().regex(/^[a-z0-9-]+ [A-Za-z0-9_-]+$/, 'write "<journey> <reason>"');

const CONSENTS = ["all", "service", "none", "no-messages"] as const;

const customerV1 = z.strictObject({
  /** One sentence: what this customer shows. */
  shows: z.string(),
  timezone: z.string().default("Europe/Amsterdam"),
  /**
   * `all`: advertising and service; `service`: advertising refused; `none`: nothing on record; `no-messages`: advertising and
   * every message refused, though not that something is done, or someone calls.
   */
  consents: z.enum(CONSENTS).default("all"),
  /** What the bank knows of them beforehand. */
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Channels that do not work for them. */
  faults: z.partialRecord(channelV1, z.enum(["reject", "hang", "lost", "late"])).default({}),
  timeline: z.array(entryV1).min(1),
  expect: z.strictObject({
    /** All commands, in order. */
    commands: z.array(command).default([]),
    /** Journeys that ended, in order, each with its reason. */
    ends: z.array(journeyAndReason).default([]),
    /** Journeys that were not entered, in order, each with its reason. */
    refused: z.array(journeyAndReason).default([]),
    /** Decisions to say nothing, in order: step and reason. */
    silent: z.array(journeyAndReason).optional(),
  }),
});
export type ScenarioCustomer = z.infer<typeof customerV1>;

export const scenarioV1 = z.strictObject({
  kind: z.literal("Scenario"),
  id: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .max(24),
  title: z.string(),
  description: z.string(),
  start: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  customers: z.record(
    z
      .string()
      .regex(/^[a-z]+$/)
      .max(10),
    customerV1,
  ),
});
export type Scenario = z.infer<typeof scenarioV1>;

/** Reads the scenarios below `dir`, by id. Throws an error that names file and place. */
export function readScenarios(dir: string): ReadonlyMap<string, Scenario> {
  const found = new Map<string, Scenario>();
  for (const name of readdirSync(dir)
    .filter((n) => n.endsWith(".yaml"))
    .sort()) {
    const parsed = scenarioV1.safeParse(parse(readFileSync(join(dir, name), "utf8")));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new Error(`scenarios/${name}: ${issue?.path.join(".")}: ${issue?.message}`);
    }
    found.set(parsed.data.id, parsed.data);
  }
  return found;
}

export function consentsOf(kind: ScenarioCustomer["consents"]): readonly ConsentChanged[] {
  if (kind === "none") return [];
  const evidence = "scenario";
  const consent = (
    purpose: "service" | "marketing",
    channel: Channel | "*",
    granted: boolean,
  ): ConsentChanged => ({
    purpose,
    channel,
    granted,
    evidence,
  });
  if (kind === "no-messages") {
    const messages = CHANNELS.filter(isContact).map((channel) => consent("service", channel, false));
    return [...messages, consent("marketing", "*", false)];
  }
  return [consent("service", "*", true), consent("marketing", "*", kind === "all")];
}
