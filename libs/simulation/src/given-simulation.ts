/** Given parts for the tests of this folder: one journey, three actions, and customers whose money leaves. */
import { catalogueV1, journeyV1, policyPackV1, type CustomerEvent, type JourneyDefinition } from "#contracts";
import { emptyProfile } from "#domain";
import type { RecordedEvents } from "./events.js";
import { collectEvents } from "./events.js";
import type { Installation } from "./simulate.js";

export const DAY_MS = 86_400_000;
export const START = Date.parse("2026-03-02T09:00:00Z");

const actions = catalogueV1.parse({
  kind: "Catalogue",
  id: "test",
  version: 1,
  description: "test",
  actions: [
    { id: "offer", description: "o", purpose: "marketing", value: 2, treatments: both("Offer") },
    { id: "better-offer", description: "b", purpose: "marketing", value: 5, treatments: both("Better") },
    {
      id: "case",
      description: "c",
      purpose: "marketing",
      value: 1,
      treatments: [{ channel: "agent", title: "Case", body: "…" }],
    },
    { id: "notice", description: "n", purpose: "service", value: 1, treatments: both("Notice") },
  ],
}).actions;

function both(title: string): object[] {
  return ["push", "email"].map((channel) => ({ channel, title, body: "…" }));
}

export function journey(over: Partial<Record<keyof JourneyDefinition, unknown>> = {}): JourneyDefinition {
  return journeyV1.parse({
    kind: "Journey",
    id: "leaving",
    version: 1,
    description: "test",
    purpose: "marketing",
    trigger: { event: "transfer.sent" },
    entry: { rule: "after-exit" },
    exitOn: [{ event: "hold.placed", reason: "hold" }],
    steps: [
      { id: "first", type: "decide", actions: ["offer"], next: "answer", otherwise: "end" },
      {
        id: "answer",
        type: "wait",
        for: [{ outcome: ["clicked", "declined"], goto: "end" }],
        atMost: "2d",
        onTimeout: "again",
      },
      {
        id: "again",
        type: "decide",
        actions: ["offer"],
        anotherChannel: true,
        next: "end",
        otherwise: "end",
      },
      { id: "end", type: "exit", reason: "done" },
    ],
    ...over,
  });
}

/** Contacts everyone whose event comes, every day, for ever. */
export const harmful = journey({
  version: 2,
  purpose: "service",
  trigger: { event: ["transfer.sent", "account.credited"] },
  exitOn: [],
  steps: [
    { id: "say", type: "send", action: "notice", next: "sleep", otherwise: "sleep" },
    { id: "sleep", type: "wait", atMost: "1d", onTimeout: "say" },
  ],
});

export const installation: Installation = {
  journeys: [journey()],
  catalogue: { actions: new Map(actions.map((a) => [a.id, a])), versions: [{ id: "test", version: 1 }] },
  policyPacks: [
    policyPackV1.parse({
      kind: "PolicyPack",
      id: "default",
      version: 1,
      description: "test",
      source: "test",
      rules: [
        {
          purpose: "marketing",
          consent: "required",
          blockedBy: ["fraud"],
          quietHours: { from: "21:00", to: "08:00" },
          caps: [{ count: 3, period: "7d" }],
        },
        { purpose: "service", consent: "not-refused", caps: [{ count: 10, period: "1d" }] },
      ],
    }),
  ],
};

export function event(
  customer: string,
  type: string,
  at: number,
  data: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    specversion: "1.0",
    id: `${customer}-${type}-${at}`,
    source: "core",
    type,
    subject: customer,
    time: new Date(at).toISOString(),
    data,
  };
}

export function registered(customer: string, marketing = true): Record<string, unknown> {
  return event(customer, "customer.registered", START - DAY_MS, {
    timezone: "Europe/Prague",
    consents: [{ purpose: "marketing", channel: "*", granted: marketing }],
  });
}

/** `n` customers, each with an inflow at the start and, every second one, a transfer an hour later; the last event is 10 days on. */
export function someCustomers(n = 60): RecordedEvents {
  const all = Array.from({ length: n }, (_, i) => `c${String(i).padStart(3, "0")}`).flatMap((c, i) => [
    registered(c, i % 5 !== 0),
    event(c, "account.credited", START),
    ...(i % 2 === 0 ? [event(c, "transfer.sent", START + 3_600_000)] : []),
    event(c, "account.debited", START + 10 * DAY_MS),
  ]);
  return collectEvents(all);
}

export function customerEvent(customer: string, type: string, at: number, data = {}): CustomerEvent {
  return { id: `${type}-${at}`, source: "core", type, customerId: customer, time: at, data, seq: 0 };
}

export const consenting = {
  ...emptyProfile,
  timezone: "Europe/Prague",
  consents: { "marketing.push": true, "marketing.email": true, "marketing.agent": true },
};
