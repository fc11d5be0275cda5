/**
 * Events around the nights in which clocks change, in zones that change by an hour, by half an hour, and never; and services
 * that are restarted under clocks that have jumped back and ahead. No offer leaves in the customer's night, deferrals end
 * with it to the minute, caps hold over the change, and the time of a context never goes back.
 *
 * The clock is Segue's replay clock, behind which an event is handled at its own time: set after all the nights, so that
 * what is deferred comes at once. The providers' account is joined with the time of each order.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import { replayClockText } from "#clock";
import { subjects, type Context } from "#contracts";
import { collect } from "./ledgers.js";
import { OwnEvents } from "./own-events.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

/** Zones, each with an instant at or near which its clocks change (or those of its neighbours). */
const NIGHTS: ReadonlyArray<readonly [zone: string, change: string]> = [
  ["Europe/Prague", "2026-03-29T01:00:00Z"],
  ["Europe/Prague", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["Asia/Kathmandu", "2026-03-29T01:00:00Z"],
];
const CUSTOMERS_PER_NIGHT = { short: 2, normal: 6, long: 40 } as const;
const EVENTS = { short: 8, normal: 12, long: 24 } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const QUIET = { from: "21:00", to: "08:00" };
const CAPS = [
  { count: 2, periodMs: DAY_MS },
  { count: 3, periodMs: 2 * DAY_MS },
];
const AFTER_ALL = Date.UTC(2026, 11, 1);
const POLICY = `
kind: PolicyPack
id: nights
version: 1
description: Offers by day alone, in the customer's own zone.
source: The fault harness.
rules:
  - purpose: marketing
    consent: required
    quietHours: { from: "${QUIET.from}", to: "${QUIET.to}" }
    caps: [{ count: 2, period: 1d }, { count: 3, period: 2d }]
  - purpose: service
    consent: not-refused
`;

export const clockChanges: Scenario = {
  id: "clock",
  title: "clock: jumps, and daylight-saving changes around quiet hours and caps",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I8"],
  async run(run: Run): Promise<void> {
    const definitionsDir = mkdtempSync(join(tmpdir(), "segue-nights-"));
    try {
      cpSync(join(process.cwd(), "test", "faults", "definitions"), definitionsDir, { recursive: true });
      writeFileSync(join(definitionsDir, "policies", "faults.yaml"), POLICY);
      const rig = await run.start({ actors: 1, definitionsDir, clock: clockAt(AFTER_ALL) });
      await nights(run, rig);
    } finally {
      rmSync(definitionsDir, { recursive: true });
    }
  },
};

function clockAt(startTime: number): string {
  return replayClockText({ startWall: Date.now(), startTime, speed: 1 });
}

async function nights(run: Run, rig: Rig): Promise<void> {
  const backwards: string[] = [];
  const stop = await followNow(rig, (customerId) => backwards.push(customerId));
  const own = new OwnEvents(rig);
  const zones = new Map<string, string>();
  const customers = NIGHTS.flatMap(([zone, change], i) =>
    Array.from({ length: run.pick(CUSTOMERS_PER_NIGHT) }, (_, k) => {
      const customerId = `night-${i}-${k}`;
      zones.set(customerId, zone);
      return { customerId, zone, change: Date.parse(change) };
    }),
  );
  await Promise.all(
    customers.map(({ customerId, zone, change }) =>
      own.publish({
        customerId,
        id: `${customerId}-r`,
        type: "customer.registered",
        time: change - 4 * DAY_MS,
        data: {
          timezone: zone,
          consents: [
            {
              purpose: "marketing",
              channel: "*",
              granted: true,
            },
          ],
        },
      }),
    ),
  );
  run.fault(`${NIGHTS.length} nights of changing clocks`);
  await round(run, own, customers, "a", -36, 36);
  for (const [name, jumpMs] of [
    ["back by half a year", -182 * DAY_MS],
    ["ahead by a month", 30 * DAY_MS],
  ] as const) {
    run.fault(`services restarted under clocks that jumped ${name}`);
    for (const service of rig.services.values()) {
      // Not all by the same: the clocks of machines differ.
      const clock = clockAt(AFTER_ALL + jumpMs + run.random.int(-3, 3) * HOUR_MS);
      service.nextEnv = () => ({ SEGUE_CLOCK: clock });
      await service.crash();
    }
    await rig.untilReady();
    await round(run, own, customers, name, -12, 60);
  }
  // What was deferred under a clock that had jumped back is caught up by the customer's next event.
  await Promise.all(
    customers.map(({ customerId, change }) =>
      own.publish({
        customerId,
        id: `${customerId}-last`,
        type: "account.credited",
        time: change + 20 * DAY_MS,
      }),
    ),
  );
  // Caps are checked here by the time of the orders, not by the wall's.
  await run.settle(rig, own, { capSlackMs: Infinity });
  stop();
  for (const customerId of backwards)
    run.violations.push({
      invariant: "I2",
      customerId,
      expected: "a context's time that never goes back",
      found: ["CTX: it did"],
    });
  await checkNights(run, rig, zones);
}

async function round(
  run: Run,
  own: OwnEvents,
  customers: ReadonlyArray<{ readonly customerId: string; readonly change: number }>,
  name: string,
  fromHours: number,
  toHours: number,
): Promise<void> {
  await Promise.all(
    customers.map(async ({ customerId, change }) => {
      const times = Array.from({ length: run.pick(EVENTS) }, () =>
        Math.round(change + (fromHours + run.random() * (toHours - fromHours)) * HOUR_MS),
      ).sort((a, b) => a - b);
      for (const [i, time] of times.entries())
        await own.publish({
          customerId,
          id: `${customerId}-${name}-${i}`,
          type: "purchase.made",
          time,
          data: { amountMinor: run.random.int(100, 1e4) },
        });
    }),
  );
}

/** By another way than the code under test: the zone's own formatted clock. */
function isNight(zone: string, at: number): boolean {
  const t = new Date(at).toLocaleTimeString("sv-SE", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  return t >= QUIET.from || t < QUIET.to;
}

async function checkNights(run: Run, rig: Rig, zones: ReadonlyMap<string, string>): Promise<void> {
  const { provider, commands, decisions, outcomes } = await collect(rig, []);
  const byId = new Map(commands.map((c) => [c.command.commandId, c.command]));
  const reached = new Set(
    outcomes.filter((o) => ["delivered", "unknown"].includes(o.outcome.kind)).map((o) => o.outcome.commandId),
  );
  const iso = (ms: number): string => new Date(ms).toISOString();
  const fail = (invariant: "I5" | "I6", customerId: string, expected: string, found: string): void =>
    void run.violations.push({ invariant, customerId, expected, found: [found] });
  const sent = new Map<string, number[]>();
  for (const id of new Set(provider.map((p) => p.commandId))) {
    const command = byId.get(id);
    const zone = command && zones.get(command.customerId);
    if (!command || !zone || command.purpose !== "marketing") continue;
    const { customerId, at } = command;
    if (isNight(zone, at))
      fail("I5", customerId, `no offer in the night of ${zone}`, `provider: ${id}, ordered at ${iso(at)}`);
    if (reached.has(id)) sent.set(customerId, [...(sent.get(customerId) ?? []), at]);
  }
  for (const [customerId, times] of sent) {
    times.sort((a, b) => a - b);
    for (const { count, periodMs } of CAPS) {
      const i = times.findIndex((t, k) => k >= count && t - times[k - count]! < periodMs);
      if (i >= 0)
        fail(
          "I6",
          customerId,
          `at most ${count} offers in ${periodMs / HOUR_MS} h`,
          `provider: ${times
            .slice(i - count, i + 1)
            .map(iso)
            .join(", ")}`,
        );
    }
  }
  let deferred = 0;
  for (const { request, reply } of decisions) {
    const zone = zones.get(request.customerId);
    if (reply.kind !== "defer" || reply.reason !== "quiet_hours" || !zone) continue;
    deferred++;
    const { until } = reply;
    const rightEnd = isNight(zone, request.at) && isNight(zone, until - 1) && !isNight(zone, until);
    if (!rightEnd || until - request.at > 13 * HOUR_MS)
      fail(
        "I5",
        request.customerId,
        `deferred to the end of the night in ${zone}`,
        `AUDIT: at ${iso(request.at)} until ${iso(until)}`,
      );
  }
  const offers = [...sent.values()].flat().length;
  run.log(`${deferred} deferred to the morning, ${offers} offers sent by day`);
  if (deferred === 0 || offers === 0)
    throw new Error(`nothing was tried: ${deferred} deferrals, ${offers} offers`);
}

/** Watches the times of the contexts as they are committed. */
async function followNow(rig: Rig, wentBack: (customerId: string) => void): Promise<() => void> {
  const last = new Map<string, number>();
  const filter = { filter_subjects: [subjects.ctxAll], deliver_policy: DeliverPolicy.All };
  const consumer = await jetstream(rig.nc).consumers.get("CTX", filter);
  const messages = await consumer.consume({
    callback: (m) => {
      const { customerId, now } = m.json<Context>();
      if (now < (last.get(customerId) ?? 0)) wentBack(customerId);
      last.set(customerId, now);
    },
  });
  return () => messages.stop();
}
