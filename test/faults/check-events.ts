/**
 * I1: each acknowledged event is applied exactly once, or stands in DLQ with a reason. I2: per customer in the stream's
 * order, which is the publisher's. I11: what is unreadable stops nothing and reorders nothing.
 *
 * What should have been applied follows from EVT alone: per customer every message in order, the first of each id, without
 * what is unreadable. What was applied is told by the context and, event by event, by the audit chain.
 */
import type { Context } from "#contracts";
import { groupBy, type Report } from "./checks.js";
import type { Ledgers, StoredEvent } from "./ledgers.js";
import type { Published } from "./load.js";

const key = (e: { readonly source: string; readonly id: string }): string => `${e.source}:${e.id}`;

export function checkEvents(
  ledgers: Ledgers,
  report: Report,
  mayBeDead: (event: { readonly id: string; readonly type: string }) => boolean,
): void {
  const bySeq = new Map(ledgers.evt.map((m) => [m.seq, m]));
  const dead = groupBy(
    ledgers.dead.filter((d) => d.stream === "EVT"),
    (d) => String(d.seq),
  );
  checkAcknowledged(ledgers.published, bySeq, report);
  for (const p of ledgers.published) {
    if (!p.malformed) continue;
    const letter = dead.get(String(p.seq))?.[0];
    if (!letter || letter.reason === "")
      report(
        "I11",
        p.customerId,
        `the unreadable event ${p.id} in DLQ with a reason`,
        told(p),
        "DLQ: not there",
      );
  }
  const malformed = new Set(ledgers.published.filter((p) => p.malformed).map((p) => p.seq));
  const inStream = groupBy(ledgers.evt, (m) => m.customerId);
  const steps = groupBy(ledgers.steps, (r) => r.customerId);
  const load = groupBy(ledgers.published, (p) => p.customerId);
  for (const [customerId, messages] of inStream) {
    const expected: StoredEvent[] = [];
    const seen = new Set<string>();
    for (const m of messages) {
      if (malformed.has(m.seq)) continue;
      const letter = dead.get(String(m.seq))?.[0];
      if (letter) {
        const { id = "", type } = m.event ?? { type: m.type };
        if (!mayBeDead({ id, type }))
          report(
            "I1",
            customerId,
            `event ${m.seq} (${m.type}) applied`,
            `DLQ: ${letter.reason}: ${letter.detail}`,
          );
        continue;
      }
      if (!m.event) continue;
      const isTimer = m.source === "segue" && m.type.startsWith("timer.");
      // A timer that is set again carries the same id: each one counts.
      if (!isTimer && seen.has(key(m.event))) continue;
      seen.add(key(m.event));
      expected.push(m);
    }
    const chain = (steps.get(customerId) ?? []).map((r) => r.step.event);
    const own = new Set((load.get(customerId) ?? []).filter((p) => !p.malformed).map(key));
    checkApplied(customerId, expected, chain, own, report);
    checkContext(customerId, expected, ledgers.contexts.get(customerId), own, report);
  }
}

function told(p: Published): string {
  const attempts = p.attempts === 1 ? "" : `, ${p.attempts} attempts`;
  return `publisher: ${key(p)} (${p.type}) acknowledged at ${p.seq} over ${p.via}${p.duplicate ? " as a duplicate" : ""}${attempts}`;
}

/** What was acknowledged stands in the stream, where it was said to, in the publisher's order. */
function checkAcknowledged(
  published: readonly Published[],
  bySeq: ReadonlyMap<number, StoredEvent>,
  report: Report,
): void {
  const first = new Map<string, number>();
  for (const m of bySeq.values()) {
    if (m.event) {
      const id = `${m.customerId} ${key(m.event)}`;
      first.set(id, Math.min(first.get(id) ?? Infinity, m.seq));
    }
  }
  const last = new Map<string, Published & { at: number }>();
  for (const p of published) {
    const stored = bySeq.get(p.seq);
    const same = stored && (p.malformed || stored.event?.id === p.id) && stored.customerId === p.customerId;
    if (!same) {
      const there = stored
        ? `EVT: at ${p.seq} stands ${stored.event?.id ?? "something unreadable"}`
        : `EVT: nothing at ${p.seq}`;
      report("I1", p.customerId, "an acknowledged event to stand in the stream", told(p), there);
      continue;
    }
    if (p.malformed) continue;
    const at = first.get(`${p.customerId} ${key(p)}`)!;
    const before = last.get(p.customerId);
    // A repeated publish points at its first occurrence, which is earlier by right.
    if (before && before.id !== p.id && at < before.at && at === p.seq && !p.duplicate)
      report("I2", p.customerId, "the stream in the publisher's order", told(before), told(p));
    if (!before || at > before.at) last.set(p.customerId, { ...p, at });
  }
}

function checkApplied(
  customerId: string,
  expected: readonly StoredEvent[],
  chain: ReadonlyArray<{ readonly id: string; readonly source: string }>,
  own: ReadonlySet<string>,
  report: Report,
): void {
  const counts = new Map<string, number>();
  for (const e of chain) counts.set(key(e), (counts.get(key(e)) ?? 0) + 1);
  for (const m of expected) {
    const id = key(m.event!);
    if (!own.has(id)) continue;
    const times = counts.get(id) ?? 0;
    if (times !== 1)
      report(
        "I1",
        customerId,
        `${id} applied exactly once`,
        `EVT: at ${m.seq} (${m.type})`,
        `AUDIT: ${times} steps`,
      );
  }
  // Everything that left a step, outcomes and timers too, in the order of the stream.
  const places = groupBy(expected, (m) => key(m.event!));
  let last = { seq: 0, id: "" };
  for (const e of chain) {
    const at = places.get(key(e))?.find((m) => m.seq > last.seq);
    if (!at) {
      const stands =
        places
          .get(key(e))
          ?.map((m) => m.seq)
          .join(", ") ?? "nowhere";
      report(
        "I2",
        customerId,
        "steps in the order of the stream",
        `AUDIT: ${key(e)} after ${last.id}`,
        `EVT: ${key(e)} at ${stands}, ${last.id} at ${last.seq}`,
      );
      continue;
    }
    last = { seq: at.seq, id: key(e) };
  }
}

function checkContext(
  customerId: string,
  expected: readonly StoredEvent[],
  context: Context | undefined,
  own: ReadonlySet<string>,
  report: Report,
): void {
  if (!context) {
    if (expected.length > 0)
      report("I1", customerId, `a context with ${expected.length} applied events`, "CTX: none");
    return;
  }
  if (context.applied !== expected.length)
    report(
      "I1",
      customerId,
      `${expected.length} events applied (each id in EVT once, without dead letters)`,
      `CTX: applied ${context.applied}, watermark ${context.watermark}`,
      `EVT: last at ${expected.at(-1)?.seq ?? 0}`,
    );
  const types = groupBy(
    expected.filter((m) => own.has(key(m.event!))),
    (m) => m.type,
  );
  for (const [type, list] of types) {
    const n = context.signals[type]?.n ?? 0;
    if (n !== list.length)
      report("I1", customerId, `${list.length} signals of ${type}`, `CTX: ${n}`, `EVT: ${list.length}`);
  }
  const recent = expected.filter((m) => !m.type.startsWith("timer.")).slice(-context.recent.length);
  const ids = recent.map((m) => m.event!.id).join(" ");
  const kept = context.recent.map((r) => r.id).join(" ");
  if (ids !== kept) report("I2", customerId, "the last events in order", `CTX: ${kept}`, `EVT: ${ids}`);
}
