/**
 * I1–I4, I8: context-actor is killed (`kill -9`) again and again while real transactions are replayed, with two
 * and with three instances; the contexts, commands and outcomes end the same as in an undisturbed run.
 */
import { readBerkaEvents } from "../apps/cli/src/berka/index.js";
import {
  auditRecordsV1,
  CHAIN_KINDS,
  subjects,
  type AuditRecord,
  type CloudEvent,
  type Context,
} from "#contracts";
import { standingClockText } from "#clock";
import { seededRandom } from "#testing";
import { SILENT_CUSTOMERS, System } from "./system.js";

const KILLS = 20;
const SEED = Number(process.env["SEGUE_TEST_SEED"] ?? 7);

/** A slice in which journeys start, wait, reach goals and end: the customers with overdrafts and large moves. */
function slice(): CloudEvent[] {
  const events = [...readBerkaEvents({ dir: "data/berka", from: "1993-11-15", to: "1994-02-15" })];
  const interesting = new Map<string, number>();
  for (const e of events) {
    const weight =
      e.type === "account.overdrawn"
        ? 50
        : e.type === "payment.failed"
          ? 20
          : e.data?.["purpose"] === "insurance"
            ? 5
            : 0;
    interesting.set(e.subject, (interesting.get(e.subject) ?? 0) + weight);
  }
  const chosen = new Set(
    [...interesting]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, 60)
      .map(([id]) => id),
  );
  return events.filter((e) => chosen.has(e.subject));
}

/** Publishes each customer's events one after the other, each when the last one has settled; customers side by side. */
async function replay(system: System, events: readonly CloudEvent[], onSettled: () => void): Promise<void> {
  const byCustomer = new Map<string, CloudEvent[]>();
  for (const e of events) byCustomer.set(e.subject, [...(byCustomer.get(e.subject) ?? []), e]);
  await Promise.all(
    [...byCustomer].map(async ([customer, list]) => {
      for (const e of list) {
        await system.settled(customer, await system.publish(e), 60_000);
        onSettled();
      }
    }),
  );
}

interface Ending {
  readonly contexts: Map<string, Record<string, unknown>>;
  /** Customers of whom some event ordered two commands. */
  readonly racing: number;
  readonly commands: string[];
  readonly outcomes: string[];
  readonly doubleOutcomes: string[];
  readonly providerCalls: string[];
}

/**
 * Without what names positions in the stream; everything else must be the same, byte for byte. Where one event
 * ordered two commands, their channels answer in parallel, and either outcome may come first also when nothing
 * is killed: for such a customer the order of events, and what hashes it, does not count.
 */
function comparable(c: Context, chain: readonly AuditRecord[], racing: boolean): Record<string, unknown> {
  const { watermark: _watermark, outcomesUpTo: _outcomesUpTo, outbox: _outbox, profile, audit, ...rest } = c;
  const { seq: _seq, ...known } = profile;
  if (!racing) return { ...rest, profile: known, audited: audit.n, chain: chain.map(withoutPositions) };
  const { seen, recent, ...unordered } = rest;
  const ids = recent.map((r) => r.id).sort();
  return { ...unordered, profile: known, seen: seen.length, audited: audit.n, recent: ids };
}

/** What was recorded, without the positions in the stream, and without the hashes over them. */
function withoutPositions({ event, entries, at, n }: AuditRecord): unknown {
  const { seq: _seq, ...what } = event;
  return {
    n,
    at,
    event: what,
    entries: entries.map((e) => (e.kind === "decision" ? { ...e, record: undefined } : e)),
  };
}

/** The audit chain of each customer, whole and in order. */
async function chains(system: System): Promise<Map<string, AuditRecord[]>> {
  const found = new Map<string, Map<number, AuditRecord>>();
  for (const kind of CHAIN_KINDS)
    for (const { body } of await system.messages("AUDIT", subjects.auditOfKind(kind)))
      for (const record of auditRecordsV1.parse(body).records) {
        const chain = found.get(record.customerId) ?? new Map<number, AuditRecord>();
        found.set(record.customerId, chain.set(record.n, record));
      }
  return new Map([...found].map(([id, chain]) => [id, [...chain.values()].sort((a, b) => a.n - b.n)]));
}

/** Customers of whom some event ordered more than one command. */
function racingCustomers(commands: Iterable<string>): Set<string> {
  const events = new Set<string>();
  const racing = new Set<string>();
  for (const id of commands) {
    const event = id.split(".").slice(0, 2).join(".");
    if (events.has(event)) racing.add(id.split(".")[0]!);
    events.add(event);
  }
  return racing;
}

/** Customers and fields whose bytes differ, each with both sides. */
function differences(left: Ending["contexts"], right: Ending["contexts"]): string[] {
  const found: string[] = [];
  for (const customer of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(customer) ?? {}, right.get(customer) ?? {}];
    for (const field of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [x, y] = [JSON.stringify(a[field]), JSON.stringify(b[field])];
      if (x !== y) found.push(`${customer}.${field}: ${x} / ${y}`);
    }
  }
  return found;
}

async function ending(system: System): Promise<Ending> {
  const outcomes = await system.outcomes();
  const contexts = system.parsedContexts();
  const commands = [...(await system.commands()).keys()].sort();
  const racing = racingCustomers(commands);
  const audited = await chains(system);
  return {
    contexts: new Map(
      [...contexts].map(([id, c]) => [id, comparable(c, audited.get(id) ?? [], racing.has(id))]),
    ),
    racing: racing.size,
    commands,
    outcomes: [...outcomes].map(([id, [first]]) => `${id} ${first!.kind} ${first!.channel}`).sort(),
    doubleOutcomes: [...outcomes]
      .filter(([, list]) => new Set(list.map((o) => o.kind)).size > 1)
      .map(([id]) => id),
    providerCalls: system
      .providerCalls()
      .map((c) => `${c.commandId} ${c.attempt}`)
      .sort(),
  };
}

describe("kill -9 of context-actor while a replay runs", () => {
  const events = slice();
  let undisturbed: Ending;

  const system = (actors: number): Promise<System> =>
    System.start({
      actors,
      clock: standingClockText(),
      sandbox: SILENT_CUSTOMERS,
      services: ["decision", "policy", "channels", "context-actor"],
    });

  beforeAll(async () => {
    const s = await system(1);
    try {
      await replay(s, events, () => undefined);
      undisturbed = await ending(s);
    } finally {
      await s.stop();
    }
  }, 120_000);

  it("has something to lose: journeys, commands and outcomes in the undisturbed run", () => {
    expect(events.length).toBeGreaterThan(800);
    expect(undisturbed.commands.length).toBeGreaterThan(50);
    expect(undisturbed.outcomes).toHaveLength(undisturbed.commands.length);
    expect(undisturbed.doubleOutcomes).toEqual([]);
    expect(undisturbed.racing).toBeLessThan(undisturbed.contexts.size / 5);
  });

  it.each([2, 3])(
    "ends the same after %i instances were killed 20 times at random moments",
    async (actors) => {
      const s = await system(actors);
      const next = seededRandom(SEED + actors);
      let kills = 0;
      let settledEvents = 0;
      let killing = true;
      try {
        const killer = (async () => {
          const step = events.length / (KILLS + 4);
          while (killing && kills < KILLS) {
            // By progress rather than by time, so that the kills spread over the whole replay on any machine.
            const at = (kills + 1) * step + (next() - 0.5) * step;
            while (killing && settledEvents < at) await new Promise((resolve) => setTimeout(resolve, 5));
            await new Promise((resolve) => setTimeout(resolve, next() * 40));
            const ids = [...s.actors.keys()].sort();
            const victim = ids[Math.floor(next() * ids.length)]!;
            await s.killActor(victim);
            kills++;
            // Half come back under their name (a restarted pod), half under a new one (a replaced pod).
            await s.launchActor(next() < 0.5 ? victim : `${victim.split("_")[0]}_${kills}`);
          }
        })();
        await replay(s, events, () => settledEvents++);
        killing = false;
        await killer;
        expect(kills).toBe(KILLS);
        const end = await ending(s);
        expect(differences(undisturbed.contexts, end.contexts)).toEqual([]);
        expect(end.commands).toEqual(undisturbed.commands);
        expect(end.outcomes).toEqual(undisturbed.outcomes);
        expect(end.doubleOutcomes).toEqual([]);
        expect(end.providerCalls).toEqual(undisturbed.providerCalls);
        for (const c of s.contexts.values()) expect(c.deadLettered).toBe(0);
      } finally {
        await s.stop();
      }
    },
    240_000,
  );
});
