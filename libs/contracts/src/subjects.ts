/**
 * Every NATS subject of Segue. No other file holds a subject string.
 *
 * Builders refuse unsafe parts with `UnsafeSubject`; parsers answer `undefined` for a subject that is
 * not of their kind. `parse(build(x))` equals x (property-tested).
 */
import { CHANNELS, type Channel } from "./channel.v1.js";
import { isSafeToken } from "./ids.js";
import type { OutcomeKind } from "./outcome.v1.js";
import { PARTITIONS, partitionOf } from "./partition.js";
import { PUBLISHED_KINDS, publishedName, type PublishedKind } from "./release.v1.js";

export class UnsafeSubject extends Error {
  override readonly name = "UnsafeSubject";
  constructor(part: string, value: string) {
    super(
      `${part} ${JSON.stringify(value)} is not safe in a NATS subject: use 1 to 64 characters of A-Z a-z 0-9 _ -`,
    );
  }
}

const EVENT_TYPE = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$/;

/** True for an event type that can stand at the end of a subject: up to 8 dot-separated safe tokens. */
export function isEventType(type: string): boolean {
  return EVENT_TYPE.test(type);
}

function token(part: string, value: string): string {
  if (!isSafeToken(value)) throw new UnsafeSubject(part, value);
  return value;
}

function eventType(value: string): string {
  if (!isEventType(value)) throw new UnsafeSubject("event type", value);
  return value;
}

function partitionToken(p: number): string {
  if (!Number.isInteger(p) || p < 0 || p >= PARTITIONS) throw new UnsafeSubject("partition", String(p));
  return String(p);
}

function parsePartition(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,3}$/.test(text)) return undefined;
  const p = Number(text);
  return p < PARTITIONS && String(p) === text ? p : undefined;
}

/** The source token that only Segue itself may publish under. */
export const SEGUE_SOURCE = "segue";

/** One subject token from a CloudEvents `source` (a URI reference): other characters become `_`. */
export function sourceToken(source: string): string {
  return (
    source
      .replace(/^\/+|\/+$/g, "")
      .replace(/[^A-Za-z0-9_-]+/g, "_")
      .slice(0, 64) || "_"
  );
}

export const subjects = {
  /** Where a bank system publishes: `bank.<source>.<customer>.<type…>`; EVT turns it into `evt.…`. */
  bank: (source: string, customerId: string, type: string): string =>
    `bank.${token("source", source)}.${token("customer id", customerId)}.${eventType(type)}`,
  /** As stored in EVT: `evt.<p>.<customer>.<source>.<type…>`. */
  evt: (customerId: string, source: string, type: string): string =>
    `evt.${partitionOf(token("customer id", customerId))}.${customerId}.${token("source", source)}.${eventType(type)}`,
  /** Every event of every customer. */
  evtAll: "evt.>",
  evtOfPartition: (p: number): string => `evt.${partitionToken(p)}.>`,
  evtOfCustomer: (customerId: string): string =>
    `evt.${partitionOf(token("customer id", customerId))}.${customerId}.>`,
  /** Outcomes of one customer, as stored in EVT. */
  outcomesOfCustomer: (customerId: string): string =>
    `evt.${partitionOf(token("customer id", customerId))}.${customerId}.${SEGUE_SOURCE}.outcome.>`,
  /** Every event whose type starts with this token (`consent`, `hold`, `customer`), of every customer. */
  evtOfTypeFamily: (family: string): string => `evt.*.*.*.${token("type family", family)}.>`,
  /** Events of one customer whose type starts with this token. */
  evtOfCustomerFamily: (customerId: string, family: string): string =>
    `evt.${partitionOf(token("customer id", customerId))}.${customerId}.*.${token("type family", family)}.>`,
  /** Events of one type, of every customer of a partition, from any source. */
  evtOfTypeInPartition: (p: number, type: string): string =>
    `evt.${partitionToken(p)}.*.*.${eventType(type)}`,
  /** Events of one customer of one type. */
  evtOfCustomerType: (customerId: string, type: string): string =>
    `evt.${partitionOf(token("customer id", customerId))}.${customerId}.*.${eventType(type)}`,
  /** Events of one type of every customer. */
  evtOfType: (type: string): string => `evt.*.*.*.${eventType(type)}`,
  /** Outcomes of every customer, as stored in EVT. */
  outcomesAll: `evt.*.*.${SEGUE_SOURCE}.outcome.>`,
  /** Outcomes of one kind of every customer, as stored in EVT. */
  outcomesOfKind: (kind: OutcomeKind): string => `evt.*.*.${SEGUE_SOURCE}.outcome.${kind}`,
  ctx: (customerId: string): string => `ctx.${partitionOf(token("customer id", customerId))}.${customerId}`,
  ctxAll: "ctx.>",
  ctxOfPartition: (p: number): string => `ctx.${partitionToken(p)}.*`,
  cmd: (channel: Channel, customerId: string): string =>
    `cmd.${channel}.${partitionOf(token("customer id", customerId))}.${customerId}`,
  cmdOfChannel: (channel: Channel): string => `cmd.${channel}.>`,
  audit: (customerId: string, kind: AuditKind): string =>
    `audit.${partitionOf(token("customer id", customerId))}.${customerId}.${kind}`,
  auditOfCustomer: (customerId: string): string =>
    `audit.${partitionOf(token("customer id", customerId))}.${customerId}.>`,
  auditOfPartition: (p: number): string => `audit.${partitionToken(p)}.*.*`,
  auditOfKindInPartition: (p: number, kind: AuditKind): string => `audit.${partitionToken(p)}.*.${kind}`,
  auditOfKind: (kind: AuditKind): string => `audit.*.*.${kind}`,
  /** Changes of a journey's release, a chain of its own. Three tokens: no customer's. */
  auditOfJourney: (journey: string): string => `audit.journey.${token("journey", journey)}`,
  auditOfJourneys: "audit.journey.*",
  /** Changes of the release of a catalogue or policy pack, a chain of its own as well. */
  auditOfPublication: (kind: PublishedKind, id: string): string => `audit.${kind}.${token(kind, id)}`,
  auditOfPolicyPacks: "audit.policy.*",
  auditOfPublications: PUBLISHED_KINDS.map((kind) => `audit.${kind}.*`),
  /** Changes of the kill switch. */
  auditOfControls: "audit.control",
  /** What was taken of an action's quota and budget. */
  limit: (action: string): string => `limit.${token("action", action)}`,
  limits: "limit.*",
  /** A key of the bucket `definitions`, as its stream has it. */
  definition: (key: string): string => `$KV.definitions.${key}`,
  /** A key of the bucket `models`, as its stream has it. */
  model: (key: string): string => `$KV.models.${key}`,
  timer: (customerId: string, instance: string, wait: string): string =>
    `timer.${partitionOf(token("customer id", customerId))}.${customerId}.${token("instance", instance)}.${token("wait", wait)}`,
  due: (customerId: string, instance: string, wait: string): string =>
    `due.${partitionOf(token("customer id", customerId))}.${customerId}.${token("instance", instance)}.${token("wait", wait)}`,
  cmdAll: "cmd.>",
  dlqAll: "dlq.>",
  dlqOfEvents: "dlq.event.>",
  dlq: (p: number, origin: "event" | "command"): string => `dlq.${origin}.${partitionToken(p)}`,
  /** What the agent desktop subscribes to. */
  deskOffer: (agentId: string): string => `desk.${token("agent id", agentId)}.offer`,
  deskAll: "desk.>",
  /** Where a bank system asks for the answer to a moment. */
  moment: (customerId: string): string => `rpc.moment.${token("customer id", customerId)}`,
  momentAll: "rpc.moment.*",
  /** Where a gateway waits for the answers to its moments. */
  momentReply: (inbox: string, n: number): string => `rpc.moment-reply.${token("inbox", inbox)}.${n}`,
  momentRepliesTo: (inbox: string): string => `rpc.moment-reply.${token("inbox", inbox)}.*`,
} as const;

/** Internal request/reply subjects; Nest message patterns. */
export const rpc = {
  decide: "rpc.decision.decide",
  evaluate: "rpc.policy.evaluate",
  gate: "rpc.policy.gate",
} as const;

export const AUDIT_KINDS = ["step", "decision", "contact"] as const;
/** `step` and `contact`: what events changed, without and with commands ordered; `decision`: a decision record. */
export type AuditKind = (typeof AUDIT_KINDS)[number];
/** Kinds that together hold a customer's audit chain. */
export const CHAIN_KINDS = ["step", "contact"] as const satisfies readonly AuditKind[];

export interface EvtSubject {
  readonly partition: number;
  readonly customerId: string;
  readonly source: string;
  readonly type: string;
}

export function parseEvt(subject: string): EvtSubject | undefined {
  const t = subject.split(".");
  const partition = parsePartition(t[1]);
  const [, , customerId, source] = t;
  const type = t.slice(4).join(".");
  if (t[0] !== "evt" || partition === undefined || !customerId || !source) return undefined;
  if (!isSafeToken(customerId) || !isSafeToken(source) || !isEventType(type)) return undefined;
  return { partition, customerId, source, type };
}

/** The number of a subject where an answer to a moment is waited for; `undefined` when it is no such subject. */
export function parseMomentReply(subject: string): number | undefined {
  const m = MOMENT_REPLY.exec(subject);
  return m ? Number(m[1]) : undefined;
}
const MOMENT_REPLY = /^rpc\.moment-reply\.[A-Za-z0-9_-]{1,64}\.(\d{1,15})$/;

/** Customer of a `rpc.moment.…` subject. */
export function parseMoment(subject: string): string | undefined {
  const [kind, what, customerId, ...more] = subject.split(".");
  const fits = kind === "rpc" && what === "moment" && more.length === 0;
  return fits && customerId && isSafeToken(customerId) ? customerId : undefined;
}

/** Customer of a `ctx.…`, `audit.…` or `evt.…` subject. */
export function parseCtx(subject: string): { partition: number; customerId: string } | undefined {
  const t = subject.split(".");
  const partition = parsePartition(t[1]);
  const customerId = t[2];
  if (t[0] !== "ctx" || t.length !== 3 || partition === undefined || !customerId || !isSafeToken(customerId))
    return undefined;
  return { partition, customerId };
}

/** What the chain of a subject is about, as its records call it (`""`: the kill switch). */
export function parseGovernance(subject: string): string | undefined {
  if (subject === subjects.auditOfControls) return "";
  const [audit, about, id, ...more] = subject.split(".");
  if (audit !== "audit" || !id || more.length > 0 || !isSafeToken(id)) return undefined;
  if (about === "journey") return id;
  const kind = PUBLISHED_KINDS.find((k) => k === about);
  return kind && publishedName(kind, id);
}

export function parseCmd(
  subject: string,
): { channel: Channel; partition: number; customerId: string } | undefined {
  const t = subject.split(".");
  const channel = CHANNELS.find((c) => c === t[1]);
  const partition = parsePartition(t[2]);
  const customerId = t[3];
  if (t[0] !== "cmd" || t.length !== 4 || !channel || partition === undefined) return undefined;
  if (!customerId || !isSafeToken(customerId)) return undefined;
  return { channel, partition, customerId };
}

export function parseAudit(
  subject: string,
): { partition: number; customerId: string; kind: AuditKind } | undefined {
  const t = subject.split(".");
  const partition = parsePartition(t[1]);
  const customerId = t[2];
  const kind = AUDIT_KINDS.find((k) => k === t[3]);
  if (t[0] !== "audit" || t.length !== 4 || partition === undefined || !kind) return undefined;
  if (!customerId || !isSafeToken(customerId)) return undefined;
  return { partition, customerId, kind };
}

/** Event type of a due timer. */
export function timerType(instance: string, wait: string): string {
  return `timer.${token("instance", instance)}.${token("wait", wait)}`;
}

/** A due timer as it stands in EVT: type `timer.<instance>.<wait>` from source `segue`. */
export function parseTimerType(type: string): { instance: string; wait: string } | undefined {
  const t = type.split(".");
  const [kind, instance, wait] = t;
  if (kind !== "timer" || t.length !== 3 || !instance || !wait) return undefined;
  return isSafeToken(instance) && isSafeToken(wait) ? { instance, wait } : undefined;
}

/** The timer of a `timer.…` subject. */
export function parseTimer(
  subject: string,
): { customerId: string; instance: string; wait: string } | undefined {
  const t = subject.split(".");
  const [kind, p, customerId, instance, wait] = t;
  if (
    kind !== "timer" ||
    t.length !== 5 ||
    parsePartition(p) === undefined ||
    !customerId ||
    !instance ||
    !wait
  )
    return undefined;
  return isSafeToken(customerId) && isSafeToken(instance) && isSafeToken(wait)
    ? { customerId, instance, wait }
    : undefined;
}
