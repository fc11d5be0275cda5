/**
 * Events again, long after the stream has forgotten their message ids: the window is 2 minutes, here a second, so that the
 * very same publish (id, bytes, message id) is stored once more; also without a message id, after a restart of the actors
 * and of nats-server; and new events whose time lies hours back, in any order. Each is applied once, in stream order.
 */
import { nanos } from "@nats-io/nats-core";
import { OwnEvents, type OwnEvent } from "./own-events.js";
import type { Rig } from "./rig.js";
import type { Run, Scenario } from "./scenario.js";

const WINDOW_MS = 1_000;
const HOUR_MS = 3_600_000;
const CUSTOMERS = { short: 8, normal: 16, long: 40 } as const;
/** Well within the 128 that a context remembers, outcomes and repetitions of the whole row included. */
const EVENTS = { short: 12, normal: 16, long: 24 } as const;
const TYPES = ["account.credited", "purchase.made", "payment.failed", "payment.rejected"] as const;

export const duplicates: Scenario = {
  id: "duplicates",
  title: "duplicates beyond the message-id window, late and reordered events",
  invariants: ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11"],
  async run(run: Run): Promise<void> {
    const rig = await run.start({ actors: 2 });
    await rig.jsm.streams.update("EVT", { duplicate_window: nanos(WINDOW_MS) });
    const load = run.load(rig, { duplicates: 0.3 });
    const own = new OwnEvents(rig);
    const plans = Array.from({ length: run.pick(CUSTOMERS) }, (_, i) => plan(run, `d-${i}`));
    await Promise.all(plans.map((events) => eachInTurn(events, (e) => own.publish(e))));
    run.fault("events with times up to three days back, in any order");

    await windowPasses();
    await repeat(run, own, plans, "hours later: same id, same bytes, same message id");
    await rig.service(`actor-${run.random.int(0, 1)}`).crash();
    await repeat(run, own, plans, "after an actor was killed", null);
    await repeatAfterRestart(run, rig, own, plans);
    await windowPasses();
    await repeat(run, own, plans, "after nats-server was restarted");
    await Promise.all(rig.all("context-actor").map((a) => a.crash()));
    await repeat(run, own, plans, "with no actor alive", null);

    await run.settle(rig, [load, own]);
    const doubled = own.published.length - own.published.filter((p) => p.duplicate).length;
    run.log(`${doubled} of ${own.published.length} own publishes were stored as new messages`);
  },
};

/** Events of one customer: some ordinary, some whose time lies hours back. */
function plan(run: Run, customerId: string): OwnEvent[] {
  const registered = {
    timezone: "Europe/Prague",
    consents: [{ purpose: "marketing", channel: "*", granted: true }],
  };
  const events: OwnEvent[] = [
    { customerId, id: `${customerId}-0`, type: "customer.registered", data: registered },
  ];
  for (let n = 1; n < run.pick(EVENTS); n++) {
    const data = { paymentId: `p${n}`, amountMinor: run.random.int(100, 90_000), attributes: { n } };
    const late = run.random() < 0.6 ? { time: Date.now() - run.random.int(1, 72 * HOUR_MS) } : {};
    events.push({ customerId, id: `${customerId}-${n}`, type: run.random.one(TYPES), data, ...late });
  }
  // Bytes that stay the same at each publish.
  return events.map((e) => ({ ...e, time: e.time ?? Date.now() }));
}

async function repeat(
  run: Run,
  own: OwnEvents,
  plans: readonly OwnEvent[][],
  when: string,
  msgId?: null,
): Promise<void> {
  run.fault(`repeated ${when}`);
  await Promise.all(
    plans.map((events) =>
      eachInTurn(run.random.shuffled(events.filter(() => run.random() < 0.5)), (e) => own.publish(e, msgId)),
    ),
  );
}

/** The server rebuilds its window from what is young enough: what was published just before is dropped as ever. */
async function repeatAfterRestart(
  run: Run,
  rig: Rig,
  own: OwnEvents,
  plans: readonly OwnEvent[][],
): Promise<void> {
  await rig.jsm.streams.update("EVT", { duplicate_window: nanos(120_000) });
  const fresh = plans.map(([first]) => ({
    ...first!,
    id: `${first!.id}-fresh`,
    type: "account.credited",
    data: {},
  }));
  await Promise.all(fresh.map((e) => own.publish(e)));
  run.fault("nats-server restarted");
  await restartNats(rig);
  const again = await Promise.all(fresh.map((e) => own.publish(e)));
  const missed = again.filter((p) => !p.duplicate).length;
  run.log(`${missed} of ${again.length} repeated right after the restart were not recognised by the stream`);
  await rig.jsm.streams.update("EVT", { duplicate_window: nanos(WINDOW_MS) });
}

async function eachInTurn<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await act(item);
}

function windowPasses(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, WINDOW_MS + 300));
}

/** SIGTERM, and up again. */
export async function restartNats(rig: Rig): Promise<void> {
  const nats = rig.nats[0]!;
  await nats.stop();
  await nats.start();
}
