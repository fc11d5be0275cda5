/** Running the step at which an instance stands: what it asks, and where the answer leads. */
import {
  aboutOf,
  assertNever,
  commandId,
  decisionId,
  durationMs,
  isContact,
  LIMITS,
  type CallerWaits,
  type Channel,
  type Command,
  type DecisionReply,
  type DecisionRequest,
  type Engagement,
  type JourneyDefinition,
  type JourneyInstance,
  type StepDefinition,
} from "#contracts";
import { own } from "../context/own.js";
import { viewOf, withAttribute } from "../context/index.js";
import { noteSpoken, outrankedBy } from "./arbitration.js";
import { type Journeys } from "./definitions.js";
import { behaves, FLAGS } from "./flags.js";
import { fork, join } from "./parallel.js";
import {
  waitUntil,
  goTo,
  end,
  eventNumber,
  replace,
  definitionOf,
  condition,
  scalarValue,
  type NoAnswer,
  type Turn,
} from "./turn.js";
import { endOfWait } from "./wait-until.js";

/** Bounds endless loops in a definition. */
const MAX_STEPS_PER_INSTANCE = 1_000;
const MAX_DEFERRALS = 5;

/** Runs the step at which a ready instance stands. */
export function run(turn: Turn, instance: JourneyInstance, journeys: Journeys): void {
  const definition = definitionOf(turn, instance, journeys);
  if (!definition) return;
  const at = journeys.step(definition, instance.step);
  if (!at) return end(turn, instance, "step_missing");
  if (at.step.type === "parallel" && instance.wait?.kind === "join") return join(turn, instance, at.step);
  if (instance.steps >= MAX_STEPS_PER_INSTANCE) return end(turn, instance, "too_many_steps");
  const s = at.step;
  const counted = { ...instance, steps: instance.steps + 1 };
  switch (s.type) {
    case "decide":
    case "send":
    case "route":
    case "execute": {
      const by = outrankedBy(turn, counted, definition, s);
      if (by !== undefined) {
        const { journey, version, id } = counted;
        turn.entries.push({ kind: "journey-outranked", journey, version, instance: id, step: s.id, by });
        return goTo(turn, counted, s.otherwise ?? at.next);
      }
      replace(turn, counted);
      turn.ask = requestOf(turn, counted, definition, s);
      turn.asking = counted.id;
      return;
    }
    case "wait": {
      const { now, profile } = turn.context;
      if (!s.until) return waitUntil(turn, counted, "event", now + durationMs(s.atMost!));
      const where = `${definition.id}@${definition.version}/${s.id}/until/date`;
      const dueAt = endOfWait(s.until, now, profile.timezone, (source) =>
        scalarValue(turn, journeys, source, counted.trigger, where),
      );
      return dueAt > now
        ? waitUntil(turn, counted, "event", dueAt)
        : goTo(turn, counted, s.onTimeout ?? at.next);
    }
    case "parallel":
      return fork(turn, counted, s);
    case "update":
      update(turn, counted, definition, s, journeys);
      return goTo(turn, counted, at.next);
    case "branch": {
      const hit = s.cases.find((c, i) =>
        condition(
          turn,
          journeys,
          c.when,
          counted.trigger,
          `${definition.id}@${definition.version}/${s.id}/cases/${i}`,
        ),
      );
      return goTo(turn, counted, hit?.goto ?? s.otherwise);
    }
    case "exit":
      return end(turn, counted, s.reason);
    default:
      return assertNever(s);
  }
}

function update(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  step: Extract<StepDefinition, { type: "update" }>,
  journeys: Journeys,
): void {
  let { attributes } = turn.context;
  const updated: string[] = [];
  for (const [name, source] of Object.entries(step.set)) {
    const where = `${definition.id}@${definition.version}/${step.id}/set/${name}`;
    const value = scalarValue(turn, journeys, source, instance.trigger, where);
    if (value === undefined) continue;
    attributes = withAttribute(attributes, name, value);
    if (own(attributes, name) === value) updated.push(name);
    else {
      const error = `not kept: longer than ${LIMITS.attributeChars} characters, or one more than ${LIMITS.attributes} attributes`;
      turn.entries.push({ kind: "expression-failed", where, error });
    }
  }
  turn.context = { ...turn.context, attributes };
  const { journey, version, id } = instance;
  if (updated.length > 0)
    turn.entries.push({
      kind: "attributes-updated",
      journey,
      version,
      instance: id,
      step: step.id,
      attributes: updated,
    });
}

type AskingStep = Extract<StepDefinition, { type: "decide" | "send" | "route" | "execute" }>;

function requestOf(
  turn: Turn,
  instance: JourneyInstance,
  definition: JourneyDefinition,
  s: AskingStep,
): DecisionRequest {
  const { context } = turn;
  // An event that failed after it had asked is not applied, but its ids are spent: policy holds what it answered to them.
  const n = eventNumber(turn) + context.deadLettered;
  const channels = s.type === "decide" || s.type === "send" ? s.channels : undefined;
  const another = (s.type === "decide" || s.type === "send") && s.anotherChannel === true;
  return {
    decisionId: decisionId(context.customerId, n, turn.asked++),
    customerId: context.customerId,
    at: context.now,
    moment: instance.trigger,
    context: viewOf(context),
    profile: context.profile,
    journey: { id: instance.journey, version: instance.version, instance: instance.id, step: s.id },
    candidates: s.type === "decide" ? s.actions : [s.action],
    ...(channels ? { channels } : {}),
    ...excluded(turn, another ? instance.used : []),
    ...(definition.cap && (s.type === "decide" || s.type === "send")
      ? {
          cap: {
            journey: definition.id,
            count: definition.cap.contacts,
            periodMs: durationMs(definition.cap.period),
          },
        }
      : {}),
    ...(s.type === "decide" && s.candidates ? { tags: s.candidates.tags } : {}),
    ...(knows(context.engagement) ? { engagement: context.engagement } : {}),
  };
}

function knows(engagement: Engagement | undefined): engagement is Engagement {
  return engagement?.last !== undefined || engagement?.ignored !== undefined;
}

/** In the turn of a moment whose caller waits no longer, nothing is said in the app: nobody would be told. */
function excluded(turn: Turn, used: readonly Channel[]): Pick<DecisionRequest, "exclude"> {
  const exclude =
    callerOf(turn)?.over === true ? [...used.filter((c) => c !== "inapp"), "inapp" as const] : used;
  return exclude.length > 0 ? { exclude: [...exclude] } : {};
}

/** Who waits for what comes of the event. Waits that fall due before it are not about it. */
function callerOf(turn: Turn): CallerWaits | undefined {
  return turn.eventApplied ? turn.event.moment : undefined;
}

export function takeAnswer(
  turn: Turn,
  instance: JourneyInstance,
  request: DecisionRequest,
  reply: DecisionReply | NoAnswer,
  journeys: Journeys,
): void {
  const definition = definitionOf(turn, instance, journeys);
  const at = definition && journeys.step(definition, instance.step);
  if (!definition || !at) return;
  const otherwise = "otherwise" in at.step ? at.step.otherwise : undefined;
  const said = {
    decisionId: request.decisionId,
    journey: instance.journey,
    instance: instance.id,
    step: instance.step,
  };
  if (reply.kind !== "act") {
    turn.entries.push({ kind: "decision", ...said, answer: reply.kind, reason: reply.reason });
    const later = !(at.step.type === "decide" && at.step.defer === false);
    if (
      reply.kind === "defer" &&
      later &&
      instance.deferrals < MAX_DEFERRALS &&
      reply.until > turn.context.now
    ) {
      return waitUntil(turn, { ...instance, deferrals: instance.deferrals + 1 }, "deferred", reply.until);
    }
    return goTo(turn, instance, otherwise ?? at.next);
  }
  const command = commandOf(turn, instance, reply, at.step.type === "route");
  const about = behaves(instance, FLAGS.engagement) ? aboutOf(instance.trigger) : undefined;
  const { channel } = reply.plan[0]!;
  turn.entries.push({
    kind: "decision",
    ...said,
    answer: "act",
    action: reply.action,
    channel,
    reason: reply.reason,
  });
  const channels = reply.plan.map((leg) => leg.channel);
  const counts = channels.some(isContact);
  if (counts && (at.step.type === "decide" || at.step.type === "send"))
    noteSpoken(turn, instance, definition);
  turn.entries.push({
    kind: "command",
    commandId: command.commandId,
    reservationId: reply.reservationId,
    action: reply.action,
    purpose: reply.purpose,
    channel,
    channels,
    journey: instance.journey,
    at: turn.context.now,
    counts,
    urgent: reply.urgent,
    ...(request.cap ? { cap: request.cap } : {}),
    ...(about ? { about } : {}),
  });
  turn.intents.push({ kind: "command", command });
  const contact = {
    commandId: command.commandId,
    action: reply.action,
    channel,
    purpose: reply.purpose,
    at: turn.context.now,
    ...(about?.debt === undefined ? {} : { debt: about.debt }),
  };
  turn.context = {
    ...turn.context,
    contacts: [...turn.context.contacts.slice(-(LIMITS.contacts - 1)), contact],
    ...(about && !turn.context.engagement ? { engagement: {} } : {}),
  };
  const used = instance.used.includes(channel) ? instance.used : [...instance.used, channel];
  goTo(turn, { ...instance, command: command.commandId, used, deferrals: 0 }, at.next);
}

function commandOf(
  turn: Turn,
  instance: JourneyInstance,
  reply: Extract<DecisionReply, { kind: "act" }>,
  withContext: boolean,
): Command {
  const { context } = turn;
  const { type, time, data } = instance.trigger;
  const validUntil = context.now + reply.validForMs;
  const caller = reply.plan[0]!.channel === "inapp" ? callerOf(turn) : undefined;
  return {
    commandId: commandId(reply.decisionId),
    decisionId: reply.decisionId,
    reservationId: reply.reservationId,
    customerId: context.customerId,
    action: reply.action,
    purpose: reply.purpose,
    journey: { id: instance.journey, version: instance.version, instance: instance.id, step: instance.step },
    plan: reply.plan,
    attempt: 0,
    tried: [],
    parameters: reply.parameters,
    event: { type, time, data },
    ...(withContext ? { context: viewOf(context) } : {}),
    outcomesUpTo: context.outcomesUpTo,
    at: context.now,
    expiresAt: caller ? Math.min(validUntil, caller.expiresAt) : validUntil,
    ...(caller ? { replyTo: caller.replyTo, validUntil } : {}),
  };
}
