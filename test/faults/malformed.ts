/**
 * Bytes, JSON, headers and subjects that no publisher should send, among an ordinary load. Everything that was acknowledged
 * is applied or stands in DLQ, once, with a reason and the original bytes; nothing stops; every context can be read again
 * by an actor that starts anew. Over HTTP each request has an answer, never a 500, and every refusal is a problem (RFC 9457).
 */
import { jetstream } from "@nats-io/jetstream";
import { headers as natsHeaders } from "@nats-io/nats-core";
import { dlqHeaders, DLQ_REASONS, DLQ_STREAM, isSafeToken, parseEvt, problemV1 } from "#contracts";
import { eventually } from "#testing";
import { fuzzed, type Fuzzed } from "./fuzz.js";
import { readContexts } from "./ledgers.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

const MESSAGES = { short: 400, normal: 3_000, long: 30_000 } as const;
const REQUESTS = { short: 200, normal: 1_500, long: 10_000 } as const;
const CUSTOMERS = Array.from({ length: 24 }, (_, i) => `fz-${i}`);
const SIDE_BY_SIDE = 8;

interface Acknowledged extends Fuzzed {
  readonly seq: number;
}

export const malformed: Scenario = {
  id: "malformed",
  title: "malformed, oversized, unknown: fuzzed bytes, JSON, headers, subjects and requests",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const rig = await run.start({ actors: 1 });
    const load = run.load(rig, { malformed: 0.1 });
    const acknowledged = await overNats(run, rig);
    const overHttpIds = await overHttp(run, rig);
    await load.finish();
    await eventually("everything in EVT to be handled", () => handled(rig), 60_000);
    // Whoever reads the contexts next must be able to.
    run.log("kill -9 of actor-0: the next one must be able to read what it left");
    await rig.service("actor-0").crash();
    const probes = await probe(rig);
    await eventually("everything in EVT to be handled", () => handled(rig), 60_000);
    await check(run, rig, [...acknowledged, ...overHttpIds, ...probes]);
    await run.settle(rig, load, {
      apart: (customerId) => CUSTOMERS.includes(customerId) || !customerId.startsWith("c-"),
    });
    run.totals.events += acknowledged.length;
  },
};

async function overNats(run: Run, rig: Rig): Promise<Acknowledged[]> {
  const js = jetstream(rig.nc, { timeout: 3_000 });
  const acknowledged: Acknowledged[] = [];
  let refused = 0;
  const list = fuzzed(run.options.seed, run.pick(MESSAGES), CUSTOMERS);
  run.fault(`${list.length} fuzzed messages over NATS`);
  await sideBySide(list, async (f) => {
    try {
      const h = natsHeaders();
      for (const [k, v] of Object.entries(f.headers)) h.set(k, v);
      const { seq, duplicate } = await js.publish(f.subject, f.body, { headers: h });
      if (!duplicate) acknowledged.push({ ...f, seq });
    } catch {
      refused++;
    }
  });
  run.log(`${acknowledged.length} acknowledged, ${refused} refused by the client or the server`);
  return acknowledged;
}

async function overHttp(run: Run, rig: Rig): Promise<Acknowledged[]> {
  const list = fuzzed(run.options.seed + 1_000_000, run.pick(REQUESTS), CUSTOMERS);
  run.fault(`${list.length} fuzzed requests`);
  const acknowledged: Acknowledged[] = [];
  const statuses = new Map<number, number>();
  const { url } = rig.gateway!;
  await sideBySide(list, async (f, i) => {
    const { method, path, type } = requestOf(f, i);
    const headers: Record<string, string> = { "content-type": type };
    for (const [k, v] of Object.entries(f.headers))
      if (/^[\w-]+$/.test(k) && v.length < 8_000) headers[k] = v;
    const body = method === "GET" ? {} : { body: Buffer.from(f.body) };
    const response = await fetch(url + path, {
      method,
      headers,
      ...body,
      signal: AbortSignal.timeout(20_000),
    });
    const answer = await response.text();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    if (response.status === 202) {
      for (const e of (JSON.parse(answer) as { events?: { seq: number; duplicate: boolean }[] }).events ?? [])
        if (!e.duplicate) acknowledged.push({ ...f, seq: e.seq });
    }
    if (response.status < 400) return;
    const told = problemV1.safeParse(jsonOf(answer));
    const isProblem =
      response.headers.get("content-type")?.startsWith("application/problem+json") && told.success;
    if (response.status === 500 || !isProblem)
      run.violations.push({
        invariant: "I11",
        expected: "every refused request answered as problem details (RFC 9457), never with 500",
        found: [`${method} ${path.slice(0, 80)} (${f.what}): ${response.status} ${answer.slice(0, 120)}`],
      });
  });
  run.log(`answers: ${[...statuses].map(([s, n]) => `${n} × ${s}`).join(", ")}`);
  return acknowledged;
}

function requestOf(f: Fuzzed, i: number): { method: string; path: string; type: string } {
  const types = ["application/cloudevents+json", "application/cloudevents-batch+json", "application/json"];
  const type = [...types, "text/plain", "application/json; charset=utf-16"][i % 5]!;
  const token = encodeURIComponent(f.subject.split(".").slice(2).join(".").slice(0, 300));
  switch (i % 10) {
    case 0:
      return { method: "PUT", path: `/v1/customers/${f.customerId}/consents`, type: "application/json" };
    case 1:
      return { method: "POST", path: `/v1/customers/${f.customerId}/holds`, type: "application/json" };
    case 2:
      return { method: "GET", path: `/v1/customers/${token}/timeline?limit=${token}`, type };
    case 3:
      return { method: "GET", path: `/v1/decisions/${token}`, type };
    case 4:
      return { method: "POST", path: `/v1/events?x=${token}`, type: "application/json" };
    default:
      return { method: "POST", path: "/v1/events", type };
  }
}

/** An ordinary event per customer: its context can be loaded, stepped and stored. */
async function probe(rig: Rig): Promise<Acknowledged[]> {
  const js = jetstream(rig.nc, { timeout: 5_000 });
  return Promise.all(
    CUSTOMERS.map(async (customerId) => {
      const type = "account.credited";
      const subject = `bank.core.${customerId}.${type}`;
      const event = {
        specversion: "1.0",
        id: `probe-${customerId}`,
        source: "core",
        type,
        subject: customerId,
      };
      const body = new TextEncoder().encode(JSON.stringify({ ...event, data: { balanceMinor: 7 } }));
      const { seq } = await js.publish(subject, body);
      return { what: "probe", customerId, subject, body, headers: {}, seq };
    }),
  );
}

async function handled(rig: Rig): Promise<boolean> {
  for await (const c of rig.jsm.consumers.list("EVT"))
    if (c.name.startsWith("actor-") && (c.num_pending > 0 || c.num_ack_pending > 0)) return false;
  return true;
}

async function check(run: Run, rig: Rig, acknowledged: readonly Acknowledged[]): Promise<void> {
  const letters = new Map<number, { reason: string; body: Uint8Array; cut: boolean }[]>();
  const { state } = await rig.jsm.streams.info(DLQ_STREAM);
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const m = await rig.jsm.streams.getMessage(DLQ_STREAM, { seq });
    if (!m || m.header.get(dlqHeaders.stream) !== "EVT") continue;
    const at = Number(m.header.get(dlqHeaders.sequence));
    const letter = {
      reason: m.header.get(dlqHeaders.reason),
      body: m.data,
      cut: m.header.has(dlqHeaders.cut),
    };
    letters.set(at, [...(letters.get(at) ?? []), letter]);
  }
  const contexts = await readContexts(rig);
  const fail = (customerId: string, expected: string, ...found: string[]): void =>
    void run.violations.push({ invariant: "I1", customerId, expected, found });
  const perCustomer = new Map<string, { stored: number; last: number }>();
  const reasons = new Map<string, number>();
  for (const a of acknowledged) {
    const stored = await rig.jsm.streams.getMessage("EVT", { seq: a.seq });
    const subject = stored && parseEvt(stored.subject);
    const own = letters.get(a.seq) ?? [];
    if (own.length > 1) fail(a.customerId, `event ${a.seq} once in DLQ`, `DLQ: ${own.length} times`);
    const letter = own[0];
    if (letter) {
      reasons.set(letter.reason, (reasons.get(letter.reason) ?? 0) + 1);
      if (!(DLQ_REASONS as readonly string[]).includes(letter.reason))
        fail(a.customerId, `a reason why ${a.seq} is in DLQ`, `DLQ: "${letter.reason}"`);
      const original = letter.cut ? stored!.data.subarray(0, letter.body.length) : stored!.data;
      if (!Buffer.from(original).equals(Buffer.from(letter.body)))
        fail(
          a.customerId,
          `the original bytes of ${a.seq} (${a.what})`,
          `DLQ: ${letter.body.length} other bytes`,
        );
    }
    if (!subject || !isSafeToken(subject.customerId)) {
      if (!letter)
        fail(a.customerId, `what names no customer in DLQ: ${a.seq} (${a.what})`, "DLQ: not there");
      continue;
    }
    const sum = perCustomer.get(subject.customerId) ?? { stored: 0, last: 0 };
    perCustomer.set(subject.customerId, { stored: sum.stored + 1, last: Math.max(sum.last, a.seq) });
  }
  for (const customerId of CUSTOMERS) {
    const context = contexts.get(customerId);
    const { stored = 0, last = 0 } = perCustomer.get(customerId) ?? {};
    // Outcomes and timers of its own journeys are applied too.
    const counted = context ? context.applied + context.duplicates + context.deadLettered : 0;
    if (!context || counted < stored || context.watermark < last)
      fail(
        customerId,
        `${stored} acknowledged events applied, duplicate or in DLQ`,
        `CTX: ${context ? `${counted}, watermark ${context.watermark} of ${last}` : "none"}`,
      );
    const probeApplied = context?.recent.some((r) => r.id === `probe-${customerId}`);
    if (!probeApplied)
      fail(customerId, "an ordinary event applied after all that", "CTX: not among the last events");
  }
  run.log(`DLQ reasons: ${[...reasons].map(([r, n]) => `${n} × ${r}`).join(", ")}`);
  for (const service of rig.services.values()) {
    // A port that was taken meanwhile ends a service at its start; that is no event's doing.
    if (service.id !== "actor-0" && service.crashes > 0 && !service.output().includes("EADDRINUSE"))
      run.violations.push({
        invariant: "I11",
        expected: `${service.id} to live on`,
        found: [service.output().slice(-400)],
      });
  }
}

async function sideBySide<T>(list: readonly T[], act: (item: T, i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < list.length; i = next++) await act(list[i]!, i);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}

function jsonOf(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}
