/** The checker must be able to fail: a right history passes, and each way of being wrong is found. */
import type { Context } from "#contracts";
import { initialContext } from "./customers.js";
import { findingsOf, orderDigest } from "./checks.js";
import type { AppliedStep, History } from "./history.js";
import { workload, type W1Event } from "./workload.js";

const HOUR = 3_600_000;
const EVENTS = workload({ n: 60, customers: 4, duplicates: 0.2, spanHours: 60 });

type Writable = {
  steps: Map<string, AppliedStep[]>;
  brokenChains: string[];
  contexts: Map<string, Context>;
  commands: { commandId: string; customerId: string }[];
  outcomes: { commandId: string; kind: string }[];
  sends: { commandId: string; attempt: number }[];
  deadLetters: number;
  sizes: History["sizes"];
};

/** What a system that does everything right leaves behind; every customer is contacted about the events of `contacted`. */
function rightHistory(events: readonly W1Event[], contacted: (e: W1Event, i: number) => boolean): Writable {
  const h: Writable = {
    steps: new Map(),
    brokenChains: [],
    contexts: new Map(),
    commands: [],
    outcomes: [],
    sends: [],
    deadLetters: 0,
    sizes: { command: 0, outcome: 0 },
  };
  const seen = new Set<string>();
  for (const e of events) {
    const id = e.customerId;
    let c = h.contexts.get(id) ?? initialContext(id);
    if (seen.has(e.eventId)) {
      h.contexts.set(id, { ...c, duplicates: c.duplicates + 1 });
      continue;
    }
    seen.add(e.eventId);
    const time = Date.parse(e.occurredAt);
    const steps = h.steps.get(id) ?? [];
    const commands = contacted(e, steps.filter((s) => s.source === "w1").length)
      ? [`${id}.${steps.length}.0.c`]
      : [];
    h.steps.set(id, [...steps, { eventId: e.eventId, source: "w1", commands }]);
    const n = (c.signals[e.type]?.n ?? 0) + 1;
    const recent = { id: e.eventId, source: "w1", type: e.type, time };
    c = {
      ...c,
      applied: c.applied + 1,
      signals: { ...c.signals, [e.type]: { n, last: time } },
      recent: [...c.recent, recent].slice(-20),
    };
    for (const commandId of commands) {
      h.commands.push({ commandId, customerId: id });
      h.sends.push({ commandId, attempt: 0 });
      h.outcomes.push({ commandId, kind: "delivered" });
      h.steps.get(id)!.push({ eventId: `${commandId}:delivered`, source: "segue", commands: [] });
      const contact = {
        commandId,
        action: "a",
        channel: "push" as const,
        purpose: "service" as const,
        at: time,
      };
      const outcome = { id: `${commandId}:delivered`, source: "segue", type: "outcome.delivered", time };
      c = {
        ...c,
        applied: c.applied + 1,
        contacts: [...c.contacts, { ...contact, outcome: "delivered" }],
        recent: [...c.recent, outcome].slice(-20),
      };
    }
    h.contexts.set(id, c);
  }
  return h;
}

const customer = EVENTS[0]!.customerId;
/** The first event of each customer. */
const first = (_: W1Event, i: number): boolean => i === 0;

function findings(change: (h: Writable) => void, contacted = first): string[] {
  const h = rightHistory(EVENTS, contacted);
  change(h);
  return findingsOf(EVENTS, h);
}

const context = (h: Writable, change: (c: Context) => Partial<Context>): void => {
  const c = h.contexts.get(customer)!;
  h.contexts.set(customer, { ...c, ...change(c) });
};

describe("the checks", () => {
  it("pass a right history", () => expect(findings(() => undefined)).toEqual([]));

  it.each<[string, RegExp, (h: Writable) => void]>([
    ["an event that was not applied", /is .*published was/, (h) => h.steps.get(customer)!.splice(2, 1)],
    [
      "an event that was applied twice",
      /published was|too many/,
      (h) => h.steps.get(customer)!.push(h.steps.get(customer)!.at(-1)!),
    ],
    [
      "two events that changed places",
      /published was/,
      (h) => {
        const steps = h.steps.get(customer)!;
        [steps[3], steps[4]] = [steps[4]!, steps[3]!];
      },
    ],
    ["a customer of whom nothing is left", /has no context/, (h) => h.contexts.delete(customer)],
    [
      "a customer of whom nothing was published",
      /none published/,
      (h) => h.steps.set("stranger", [{ eventId: "x", source: "w1", commands: [] }]),
    ],
    [
      "an event counted twice",
      /counts \d+ events applied/,
      (h) => context(h, (c) => ({ applied: c.applied + 1 })),
    ],
    ["a duplicate not noticed", /duplicates/, (h) => context(h, (c) => ({ duplicates: c.duplicates - 1 }))],
    [
      "a wrong count of a type",
      /counts .* published/,
      (h) =>
        context(h, (c) => {
          const [type, signal] = Object.entries(c.signals)[0]!;
          return { signals: { ...c.signals, [type]: { ...signal, n: signal.n + 1 } } };
        }),
    ],
    [
      "a wrong last time of a type",
      /last/,
      (h) =>
        context(h, (c) => {
          const [type, signal] = Object.entries(c.signals)[0]!;
          return { signals: { ...c.signals, [type]: { ...signal, last: 0 } } };
        }),
    ],
    [
      "last events that are not the last",
      /last events/,
      (h) => context(h, (c) => ({ recent: [...c.recent.slice(0, -2), c.recent.at(-1)!, c.recent.at(-2)!] })),
    ],
    ["last events that are too few", /last events/, (h) => context(h, () => ({ recent: [] }))],
    ["a gap in the audit chain", /gap/, (h) => h.brokenChains.push(customer)],
    ["a dead letter", /DLQ/, (h) => (h.deadLetters = 1)],
    ["a command without an outcome", /0 terminal outcomes/, (h) => h.outcomes.pop()],
    [
      "a command with two outcomes",
      /2 terminal outcomes/,
      (h) => h.outcomes.push({ ...h.outcomes[0]!, kind: "unknown" }),
    ],
    ["an outcome of nothing", /no command/, (h) => h.outcomes.push({ commandId: "x", kind: "delivered" })],
    ["a delivery of which no provider knows", /no provider/, (h) => h.sends.pop()],
    ["a second send", /twice/, (h) => h.sends.push(h.sends[0]!)],
    ["a send that nobody ordered", /no command/, (h) => h.sends.push({ commandId: "x", attempt: 0 })],
    ["a decided command that was lost", /never ordered/, (h) => h.commands.shift()],
    [
      "an outcome that the context does not have",
      /ended not in the context/,
      (h) => context(h, (c) => ({ contacts: c.contacts.map(({ outcome: _outcome, ...rest }) => rest) })),
    ],
    [
      "an outcome that is another in the context",
      /ended failed in the context/,
      (h) => context(h, (c) => ({ contacts: c.contacts.map((x) => ({ ...x, outcome: "failed" })) })),
    ],
    [
      "a contact that the context does not have",
      /contacts in the context/,
      (h) => context(h, () => ({ contacts: [] })),
    ],
  ])("find %s", (_, finding, change) => {
    expect(findings(change).join("\n")).toMatch(finding);
  });

  it("find a fourth contact within 24 hours, by the time of the events as published", () => {
    const all = (): boolean => true;
    expect(findings(() => undefined, all).join("\n")).toMatch(/4 contacts within 24 hours/);
  });

  it("count a fall-back as one contact, and one that every provider refused as none", () => {
    const all = (): boolean => true;
    const fellBack = findings((h) => h.sends.push(...h.sends.map((s) => ({ ...s, attempt: 1 }))));
    expect(fellBack).toEqual([]);
    // Refused by each, or refused by the first and then stopped at the gate.
    for (const kind of ["failed", "suppressed"] as const) {
      const refused = findings((h) => {
        h.outcomes = h.outcomes.map((o) => ({ ...o, kind }));
        for (const [id, c] of h.contexts)
          h.contexts.set(id, { ...c, contacts: c.contacts.map((x) => ({ ...x, outcome: kind })) });
      }, all);
      expect(refused.filter((f) => f.includes("within 24 hours"))).toEqual([]);
    }
  });

  it("permit a contact exactly 24 hours after the third before it", () => {
    const at = (h: number): string => new Date(Date.UTC(2025, 0, 6) + h * HOUR).toISOString();
    const events = [0, 1, 2, 24].map((h, i) => ({ ...EVENTS[0]!, eventId: `e${i}`, occurredAt: at(h) }));
    const history = rightHistory(events, () => true);
    expect(findingsOf(events, history)).toEqual([]);
    const early = events.map((e, i) => (i === 3 ? { ...e, occurredAt: at(23.99) } : e));
    expect(
      findingsOf(
        early,
        rightHistory(early, () => true),
      )[0],
    ).toMatch(/4 contacts within 24 hours/);
  });

  it("tell only some of very many findings", () => {
    const many = findings((h) => h.steps.clear());
    expect(many.length).toBeLessThanOrEqual(11);
    expect(many.join("\n")).toContain("missing");
  });

  it("have a digest that depends on the order", () => {
    expect(orderDigest(["a", "b"])).not.toBe(orderDigest(["b", "a"]));
    expect(orderDigest(["ab"])).not.toBe(orderDigest(["a", "b"]));
  });
});
