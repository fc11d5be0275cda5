/**
 * Decision and policy under load, as the context actor uses them: `rpc.decide` over NATS, twelve candidates of W1, policy
 * counting and reserving in Redis. An open loop: a decision counts from the time at which it should have been asked.
 */
import {
  decisionRunAnswerV1,
  rpc,
  type ContextView,
  type DecisionReply,
  type DecisionRequest,
} from "#contracts";
import { RpcClient } from "#messaging";
import { CAP } from "../checks.js";
import { profileOfCustomer } from "../customers.js";
import { Histogram, type LatencySummary } from "../histogram.js";
import type { Installation } from "../installation.js";
import { measureCosts } from "../process-usage.js";
import { RunFailed } from "../throughput.js";
import { W1_DEFAULTS, workload, type W1Event } from "../workload.js";

export interface DecisionLoadFigures extends LatencySummary {
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly acted: number;
  readonly processes: readonly { readonly name: string; readonly cpuMsPerDecision: number }[];
}

const CANDIDATES = [
  "payment-retry",
  "overdraft-line",
  "transfer-check",
  "savings-account",
  "cashback",
  "travel-insurance",
  "instalments",
  "loan-offer",
  "loan-information",
  "card-activation",
  "security-tip",
  "account-summary",
];
const TIMEOUT_MS = 5_000;

/** Throws RunFailed when a decision was not answered, or a customer was promised more than the cap. */
export async function measureDecisions(
  system: Installation,
  ratePerSecond: number,
  seconds: number,
  prefix: string,
): Promise<DecisionLoadFigures> {
  const nc = await system.connect("bench-decisions");
  const client = new RpcClient(nc);
  const customers = new Customers();
  const failures: string[] = [];
  const costs = measureCosts(system.processes);
  const histogram = await openLoop(ratePerSecond, events(ratePerSecond, seconds, prefix), async (event) => {
    const request = customers.ask(event);
    try {
      const answer = await client.call(rpc.decide, { requests: [request] }, { timeoutMs: TIMEOUT_MS });
      customers.answered(request, decisionRunAnswerV1.parse(answer).answers[0]!.reply);
    } catch (error) {
      failures.push((error as Error).message);
    }
  });
  const n = ratePerSecond * seconds;
  const processes = costs().map(({ name, cpuMs }) => ({ name, cpuMsPerDecision: cpuMs / n }));
  await nc.close();
  const findings = [...new Set(failures)].slice(0, 3).map((f) => `${failures.length} decisions failed: ${f}`);
  findings.push(...customers.aboveCap());
  if (customers.acted === 0) findings.push("no decision acted");
  if (findings.length > 0) throw new RunFailed(findings);
  return { ratePerSecond, seconds, acted: customers.acted, processes, ...histogram.summary() };
}

/** The same questions sent to and fro over NATS, with nobody to answer them: what the machine has left at this moment. */
export async function measureBounce(
  system: Installation,
  ratePerSecond: number,
  seconds: number,
): Promise<LatencySummary> {
  const [nc, other] = await Promise.all([system.connect("bench-bounce"), system.connect("bench-wall")]);
  const customers = new Customers();
  other.subscribe(BOUNCE, { callback: (_error, message) => void message.respond(message.data) });
  await other.flush();
  const histogram = await openLoop(ratePerSecond, events(ratePerSecond, seconds, "b"), async (event) => {
    const text = JSON.stringify({ requests: [customers.ask(event)] });
    await nc.request(BOUNCE, text, { timeout: TIMEOUT_MS });
  });
  await Promise.all([nc.close(), other.close()]);
  return histogram.summary();
}

const BOUNCE = "bench.bounce";

function events(ratePerSecond: number, seconds: number, prefix: string): readonly W1Event[] {
  return workload({ ...W1_DEFAULTS, n: ratePerSecond * seconds, duplicates: 0, prefix });
}

/** Each leaves at its time, whether the ones before are answered or not, and counts from that time. */
async function openLoop(
  ratePerSecond: number,
  all: readonly W1Event[],
  ask: (event: W1Event) => Promise<void>,
): Promise<Histogram> {
  const histogram = new Histogram();
  const open = new Set<Promise<void>>();
  const start = performance.now();
  for (const [i, event] of all.entries()) {
    const intended = start + (i * 1_000) / ratePerSecond;
    for (let early = intended - performance.now(); early > 0; early = intended - performance.now())
      await new Promise((resolve) => setTimeout(resolve, Math.floor(early)));
    const asked = ask(event).then(() => {
      histogram.record((performance.now() - intended) * 1_000);
      open.delete(asked);
    });
    open.add(asked);
  }
  await Promise.all(open);
  return histogram;
}

/** What their contexts would hold. */
class Customers {
  readonly #contexts = new Map<string, ContextView>();
  readonly #asked = new Map<string, number>();
  readonly #contacts = new Map<string, number[]>();
  acted = 0;

  ask({ customerId, eventId, type, occurredAt, payload }: W1Event): DecisionRequest {
    const at = Date.parse(occurredAt);
    const before = this.#contexts.get(customerId);
    const n = (this.#asked.get(customerId) ?? 0) + 1;
    this.#asked.set(customerId, n);
    const signal = { n: (before?.signals[type]?.n ?? 0) + 1, last: at };
    const context: ContextView = {
      now: at,
      attributes: {},
      signals: { ...before?.signals, [type]: signal },
      contacts: before?.contacts ?? [],
    };
    this.#contexts.set(customerId, context);
    return {
      decisionId: `${customerId}.${n}.0`,
      customerId,
      at,
      moment: { id: eventId, source: "w1", type, time: at, data: { ...payload } },
      context,
      profile: profileOfCustomer(customerId),
      journey: { id: "w1", version: 1, instance: `w1-${n}`, step: "offer" },
      candidates: CANDIDATES,
      cap: { journey: "w1", count: CAP.contacts, periodMs: CAP.withinMs },
      watermark: 0,
    };
  }

  answered({ customerId, at }: DecisionRequest, reply: DecisionReply): void {
    if (reply.kind !== "act") return;
    this.acted++;
    this.#contacts.set(customerId, [...(this.#contacts.get(customerId) ?? []), at]);
    const context = this.#contexts.get(customerId)!;
    const contact = { action: reply.action, channel: reply.plan[0]!.channel, purpose: reply.purpose, at };
    this.#contexts.set(customerId, { ...context, contacts: [...context.contacts, contact].slice(-20) });
  }

  /** I6, of what was promised. */
  aboveCap(): string[] {
    const found: string[] = [];
    for (const [customer, times] of this.#contacts) {
      times.sort((a, b) => a - b);
      const above = times.some((t, i) => (times[i + CAP.contacts] ?? Infinity) - t < CAP.withinMs);
      if (above) found.push(`${customer} was promised more than ${CAP.contacts} contacts in 24 hours`);
    }
    return found.slice(0, 3);
  }
}
