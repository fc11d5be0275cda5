/**
 * W1's second measurement: an open loop. Events leave at fixed times whether the ones before are done or not, and the
 * latency counts from the time at which an event should have left, so that a stall is charged to every event that
 * waited for it (no coordinated omission). It ends when the command can be read by a consumer of CMD, as the channel
 * service is one.
 */
import { streamsOf, subjects } from "#contracts";
import { follow, textOf } from "./follow.js";
import { Histogram, type LatencySummary } from "./histogram.js";
import { Load } from "./load.js";
import type { Target } from "./throughput.js";
import { W1_DEFAULTS, workload, type W1Event, type WorkloadOptions } from "./workload.js";

export interface LatencyStep extends LatencySummary {
  readonly ratePerSecond: number;
  readonly seconds: number;
}

/** The step's customers are its own. */
export function latencyWorkload(ratePerSecond: number, seconds: number): WorkloadOptions {
  return { ...W1_DEFAULTS, n: ratePerSecond * seconds, prefix: `rate${ratePerSecond}-`, seed: ratePerSecond };
}

/** One step at one rate. `load` must be open on the target, and the customers must be there. */
export async function openLoop(
  target: Target,
  load: Load,
  ratePerSecond: number,
  seconds: number,
): Promise<{ readonly step: LatencyStep; readonly events: readonly W1Event[] }> {
  const events = workload(latencyWorkload(ratePerSecond, seconds));
  const histogram = new Histogram();
  const intended = new Map<string, number>();
  const observer = await target.connect("bench-observer");
  const stops = await Promise.all(
    streamsOf("CMD").map((stream) =>
      follow(observer, {
        stream,
        filter: subjects.cmdAll,
        onMessage: (m) => {
          const key = momentOf(m.subject, textOf(m));
          const since = intended.get(key);
          // A further leg of the same command is no arrival.
          if (since === undefined || !intended.delete(key)) return;
          histogram.record((performance.now() - since) * 1_000);
        },
      }),
    ),
  );
  await load.publishOpen(events, ratePerSecond, (event, at) => {
    const key = `${event.customerId} ${Date.parse(event.occurredAt)}`;
    if (!intended.has(key)) intended.set(key, at);
  });
  await load.done();
  await Promise.all(stops.map((stop) => stop()));
  await observer.close();
  return { step: { ratePerSecond, seconds, ...histogram.summary() }, events };
}

/** Customer and time of the event that led to a command, which name one event of the workload. */
function momentOf(subject: string, text: string): string {
  const time = /"event":\{"type":"[^"]*","time":(\d+)/.exec(text)?.[1];
  return `${subject.slice(subject.lastIndexOf(".") + 1)} ${time}`;
}
