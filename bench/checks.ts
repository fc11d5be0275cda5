/**
 * What must hold after a run, or it does not count. Pure: the workload and the history in, what is wrong out.
 * The providers' ledger, the outcome stream, the audit chain and the contexts are held against the list of events,
 * which nobody but the publisher has touched.
 */
import { createHash } from "node:crypto";
import { LIMITS } from "#contracts";
import type { AppliedStep, History } from "./history.js";
import { SOURCE } from "./load.js";
import type { W1Event } from "./workload.js";

/** W1: at most so many contacts of a customer within any such time. */
export const CAP = { contacts: 3, withinMs: 24 * 3_600_000 } as const;

const MAX_TOLD = 10;

/** Everything that is wrong, at most a few of each kind; empty when the run counts. */
export function findingsOf(events: readonly W1Event[], history: History): string[] {
  const expected = byCustomer(events);
  const findings = [
    ...wrongOrder(expected, history),
    ...wrongContexts(expected, history),
    ...aboveCap(events, history),
    ...wrongOutcomes(history),
    ...missingInContexts(history),
  ];
  for (const id of history.brokenChains) findings.push(`${id}: the audit chain has a gap`);
  if (history.deadLetters > 0) findings.push(`${history.deadLetters} messages are in DLQ`);
  return findings.length > MAX_TOLD
    ? [...findings.slice(0, MAX_TOLD), `… and ${findings.length - MAX_TOLD} more`]
    : findings;
}

interface Expected {
  /** Distinct events in published order. */
  readonly distinct: W1Event[];
  duplicates: number;
}

function byCustomer(events: readonly W1Event[]): Map<string, Expected> {
  const found = new Map<string, Expected>();
  const seen = new Set<string>();
  for (const event of events) {
    let customer = found.get(event.customerId);
    if (!customer) found.set(event.customerId, (customer = { distinct: [], duplicates: 0 }));
    if (seen.has(event.eventId)) customer.duplicates++;
    else customer.distinct.push(event);
    seen.add(event.eventId);
  }
  return found;
}

/** Depends on what is in it and on the order. */
export function orderDigest(ids: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const id of ids) hash.update(`${id}\n`);
  return hash.digest("hex");
}

function* wrongOrder(expected: ReadonlyMap<string, Expected>, history: History): Iterable<string> {
  for (const [id, { distinct }] of expected) {
    const applied = own(history.steps.get(id) ?? []);
    const wanted = distinct.map((e) => e.eventId);
    if (orderDigest(applied) === orderDigest(wanted)) continue;
    const at = wanted.findIndex((e, i) => applied[i] !== e);
    yield at < 0
      ? `${id}: ${applied.length} events applied, ${wanted.length} published; the first too many is ${applied[wanted.length]}`
      : `${id}: event ${at + 1} of ${wanted.length} is ${applied[at] ?? "missing"}, published was ${wanted[at]}`;
  }
  for (const id of history.steps.keys())
    if (!expected.has(id)) yield `${id}: events were applied, none published`;
}

const own = (steps: readonly AppliedStep[]): string[] =>
  steps.filter((s) => s.source === SOURCE).map((s) => s.eventId);

function* wrongContexts(expected: ReadonlyMap<string, Expected>, history: History): Iterable<string> {
  const outcomes = new Map<string, number>();
  const customerOf = new Map(history.commands.map((c) => [c.commandId, c.customerId]));
  for (const { commandId } of history.outcomes) {
    const id = customerOf.get(commandId) ?? "";
    outcomes.set(id, (outcomes.get(id) ?? 0) + 1);
  }
  for (const [id, { distinct, duplicates }] of expected) {
    const context = history.contexts.get(id);
    if (!context) {
      yield `${id}: has no context`;
      continue;
    }
    const applied = distinct.length + (outcomes.get(id) ?? 0);
    if (context.applied !== applied)
      yield `${id}: the context counts ${context.applied} events applied, there are ${applied}`;
    if (context.duplicates !== duplicates)
      yield `${id}: the context counts ${context.duplicates} duplicates, there are ${duplicates}`;
    if (context.outbox.length > 0 && context.journeys.length > 0) yield `${id}: a journey is still open`;
    for (const [type, { n, last }] of typesOf(distinct)) {
      const signal = context.signals[type];
      if (signal?.n !== n || signal.last !== last)
        yield `${id}: ${type} counts ${signal?.n ?? 0}, last ${signal?.last}; published ${n}, last ${last}`;
    }
    const recent = context.recent.filter((e) => e.source === SOURCE).map((e) => e.id);
    const wanted = distinct.slice(distinct.length - recent.length).map((e) => e.eventId);
    const enough = context.recent.length === Math.min(LIMITS.recent, applied);
    if (!enough || orderDigest(recent) !== orderDigest(wanted))
      yield `${id}: the last events in the context are not the last ones published`;
  }
}

function typesOf(distinct: readonly W1Event[]): Map<string, { n: number; last: number }> {
  const types = new Map<string, { n: number; last: number }>();
  for (const e of distinct) {
    const before = types.get(e.type);
    types.set(e.type, { n: (before?.n ?? 0) + 1, last: Date.parse(e.occurredAt) });
  }
  return types;
}

/**
 * By the time of the events that led to them, as published. A command that fell back to another channel is one contact;
 * one that every provider has refused reached nobody and is none.
 */
function* aboveCap(events: readonly W1Event[], history: History): Iterable<string> {
  const timeOf = new Map(events.map((e) => [e.eventId, Date.parse(e.occurredAt)]));
  // What every provider asked has refused reached nobody, however its command ended: failed, or stopped before its next leg.
  const mayHaveArrived = new Set(
    history.outcomes.filter((o) => o.kind === "delivered" || o.kind === "unknown").map((o) => o.commandId),
  );
  const sent = new Set(history.sends.map((s) => s.commandId).filter((id) => mayHaveArrived.has(id)));
  for (const [id, steps] of history.steps) {
    const times = steps
      .flatMap((s) => s.commands.filter((c) => sent.has(c)).map(() => timeOf.get(s.eventId) ?? 0))
      .sort((a, b) => a - b);
    for (let i = CAP.contacts; i < times.length; i++) {
      const first = times[i - CAP.contacts]!;
      if (times[i]! - first >= CAP.withinMs) continue;
      yield `${id}: ${CAP.contacts + 1} contacts within 24 hours from ${new Date(first).toISOString()}`;
      break;
    }
  }
}

function* wrongOutcomes(history: History): Iterable<string> {
  const outcomes = new Map<string, number>();
  for (const { commandId } of history.outcomes) outcomes.set(commandId, (outcomes.get(commandId) ?? 0) + 1);
  const commands = new Set(history.commands.map((c) => c.commandId));
  for (const id of commands) {
    const n = outcomes.get(id) ?? 0;
    if (n !== 1) yield `command ${id} has ${n} terminal outcomes`;
  }
  for (const id of outcomes.keys()) if (!commands.has(id)) yield `an outcome of ${id}, which is no command`;
  const calls = new Set<string>();
  for (const { commandId, attempt } of history.sends) {
    if (!commands.has(commandId)) yield `a provider received ${commandId}, which is no command`;
    const call = `${commandId}:${attempt}`;
    if (calls.has(call)) yield `a provider received ${commandId}, attempt ${attempt}, twice`;
    calls.add(call);
  }
  const received = new Set(history.sends.map((s) => s.commandId));
  for (const { commandId, kind } of history.outcomes)
    if (kind === "delivered" && !received.has(commandId))
      yield `command ${commandId} is said to be delivered, and no provider received it`;
  for (const [id, steps] of history.steps)
    for (const command of steps.flatMap((s) => s.commands))
      if (!commands.has(command)) yield `${id}: command ${command} was decided and never ordered`;
}

function* missingInContexts(history: History): Iterable<string> {
  const kindOf = new Map(history.outcomes.map((o) => [o.commandId, o.kind]));
  const ordered = new Map<string, number>();
  for (const { customerId } of history.commands) ordered.set(customerId, (ordered.get(customerId) ?? 0) + 1);
  for (const [id, n] of ordered) {
    const contacts = history.contexts.get(id)?.contacts ?? [];
    if (contacts.length !== Math.min(n, LIMITS.contacts))
      yield `${id}: ${contacts.length} contacts in the context, ${n} commands were ordered`;
    for (const c of contacts) {
      if (c.outcome !== kindOf.get(c.commandId))
        yield `${id}: contact ${c.commandId} ended ${c.outcome ?? "not"} in the context, ${kindOf.get(c.commandId) ?? "not"} in the stream`;
    }
  }
}
