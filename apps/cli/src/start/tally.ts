/**
 * What happened, folded from the messages of CMD, EVT (outcomes), AUDIT and DLQ. The live panel folds what comes in during
 * the replay; the summary folds everything that is stored, from the beginning.
 */
import {
  isTerminal,
  type AuditEntry,
  type Channel,
  type Command,
  type DecisionRecord,
  type Outcome,
  type TerminalOutcome,
  type Verdict,
} from "#contracts";
import { Latencies } from "./latency.js";

export interface FeedLine {
  /** Segue's time, epoch ms. */
  readonly at: number;
  readonly what: "act" | "defer" | "none" | "unavailable" | "denied" | "deferred" | "suppressed" | "dead";
  readonly text: string;
  readonly reason: string;
}

export interface ChannelTally {
  /** Legs ordered on this channel. */
  ordered: number;
  readonly terminal: Record<TerminalOutcome, number>;
  responses: number;
}

const FEED_KEPT = 8;

export class Tally {
  /** Distinct commands, by their first leg. */
  readonly #commands = new Set<string>();
  /** Command → how it ended. */
  readonly #ended = new Map<string, TerminalOutcome>();
  /** Terminal outcomes of a command that already had one, or that was never ordered as far as CMD tells. */
  secondTerminals = 0;
  readonly channels = new Map<Channel, ChannelTally>();
  readonly outcomes = new Map<string, number>();
  /** Why a channel service did not deliver: reason of a terminal outcome that is not `delivered`. */
  readonly undelivered = new Map<string, number>();
  readonly answers = new Map<string, number>();
  /** Decisions in which policy refused a channel for this reason (each decision counted once per reason). */
  readonly stops = new Map<string, number>();
  stoppedDecisions = 0;
  readonly journeys = { entered: 0, refused: 0, exited: 0, goals: 0 };
  readonly deadLetters = new Map<string, number>();
  readonly latencies = new Latencies();
  readonly decisionFeed: FeedLine[] = [];
  readonly stopFeed: FeedLine[] = [];
  /** The last decision that led to a command, and its customer: for the lines to try. */
  example: { readonly customerId: string; readonly decisionId: string } | undefined;

  command(
    c: Pick<Command, "commandId" | "attempt" | "decisionId" | "customerId">,
    channel: Channel,
    latencyMs: number | undefined,
  ): void {
    this.#channel(channel).ordered++;
    if (c.attempt !== 0) return;
    this.#commands.add(c.commandId);
    this.example = { customerId: c.customerId, decisionId: c.decisionId };
    if (latencyMs !== undefined) this.latencies.add(latencyMs);
  }

  outcome(o: Outcome, at: number): void {
    add(this.outcomes, o.kind);
    if (!isTerminal(o.kind)) {
      this.#channel(o.channel).responses++;
      return;
    }
    if (this.#ended.has(o.commandId)) this.secondTerminals++;
    this.#ended.set(o.commandId, o.kind);
    this.#channel(o.channel).terminal[o.kind]++;
    if (o.kind !== "delivered") add(this.undelivered, o.reason);
    if (o.kind === "suppressed") {
      feed(this.stopFeed, {
        at,
        what: "suppressed",
        text: `${o.action} ${o.channel}`,
        reason: `${o.reason}, at the gate`,
      });
    }
  }

  step(entries: readonly AuditEntry[], at: number): void {
    for (const e of entries) {
      if (e.kind === "journey-entered") this.journeys.entered++;
      else if (e.kind === "journey-refused") this.journeys.refused++;
      else if (e.kind === "journey-exited") this.journeys.exited++;
      else if (e.kind === "goal-reached") this.journeys.goals++;
      else if (e.kind === "decision") {
        add(this.answers, e.answer);
        const text = e.action ? `${e.action}${e.channel ? ` → ${e.channel}` : ""}` : e.journey;
        feed(this.decisionFeed, { at, what: e.answer, text, reason: e.reason });
      }
    }
  }

  decision(record: Pick<DecisionRecord, "request" | "verdicts">): void {
    const refused = record.verdicts.filter(isStop);
    if (refused.length === 0) return;
    this.stoppedDecisions++;
    for (const reason of new Set(refused.map((v) => v.reason))) add(this.stops, reason);
    const first = refused[0]!;
    const channels = refused
      .filter((v) => v.reason === first.reason && v.actions.includes(first.actions[0]!))
      .map((v) => v.channel);
    feed(this.stopFeed, {
      at: record.request.at,
      what: first.verdict === "deferred" ? "deferred" : "denied",
      text: `${first.actions[0]} ${channels.join(" ")}`,
      reason: first.rule ? `${first.reason} (${first.rule})` : first.reason,
    });
  }

  deadLetter(reason: string): void {
    add(this.deadLetters, reason);
  }

  /** Whether CMD holds this command. */
  ordered(commandId: string): boolean {
    return this.#commands.has(commandId);
  }

  get commands(): number {
    return this.#commands.size;
  }

  /** Commands that have ended, whether or not CMD shows that they were ordered. */
  get ended(): number {
    return this.#ended.size;
  }

  /** Commands that have been ordered and have not ended. */
  get open(): number {
    let n = 0;
    for (const id of this.#commands) if (!this.#ended.has(id)) n++;
    return n;
  }

  /** Outcomes of commands that were never ordered. */
  get strays(): number {
    let n = 0;
    for (const id of this.#ended.keys()) if (!this.#commands.has(id)) n++;
    return n;
  }

  #channel(channel: Channel): ChannelTally {
    let tally = this.channels.get(channel);
    if (!tally) {
      tally = {
        ordered: 0,
        terminal: { delivered: 0, failed: 0, expired: 0, suppressed: 0, unknown: 0 },
        responses: 0,
      };
      this.channels.set(channel, tally);
    }
    return tally;
  }
}

/** `outranked` is arbitration, not policy. */
function isStop(v: Verdict): boolean {
  return v.verdict !== "permitted" && v.reason !== "outranked";
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function feed(lines: FeedLine[], line: FeedLine): void {
  lines.push(line);
  if (lines.length > FEED_KEPT) lines.shift();
}

/** Largest first. */
export function ranked(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

export function sum(counts: ReadonlyMap<string, number>): number {
  let n = 0;
  for (const v of counts.values()) n += v;
  return n;
}
