/**
 * The outbox: messages that leave because of a commit. They stand in the snapshot until their publish is
 * acknowledged; ids are deterministic, so that relaying again after a crash doubles nothing.
 */
import {
  headerNames,
  isLedgerEntry,
  parseTimer,
  subjects,
  timerType,
  type AuditRecord,
  type Context,
  type OutboxEntry,
} from "#contracts";
import type { Clock } from "#clock";
import type { Intent } from "#domain";
import type { Publisher } from "#messaging";

/** How long the server keeps a timer that has fired: EVT has its copy at once. */
const FIRED_TIMER_TTL = "1h";

export interface Cause {
  /** When the event was stored in EVT, wall-clock epoch ms. */
  readonly storedAt: number;
  readonly traceHeaders: Readonly<Record<string, string>>;
}

/** What one step sends out (commands, timers). */
export function outboxOf(context: Context, intents: readonly Intent[], cause: Cause): OutboxEntry[] {
  const { customerId } = context;
  const headers = cause.traceHeaders;
  const outbox: OutboxEntry[] = [];
  for (const intent of intents) {
    if (intent.kind === "command") {
      const { command } = intent;
      outbox.push({
        id: `${command.commandId}:0`,
        subject: subjects.cmd(command.plan[0]!.channel, customerId),
        body: command,
        headers: { ...headers, [headerNames.eventStoredAt]: String(cause.storedAt) },
      });
    } else if (intent.kind === "set-timer") {
      const { instance, wait, dueAt } = intent;
      outbox.push({
        // With the event count: setting the same timer again is a message of its own.
        id: `${customerId}.${instance}.${wait}:${context.applied}`,
        subject: subjects.timer(customerId, instance, wait),
        body: timerEvent(customerId, instance, wait, dueAt),
        headers,
      });
    }
  }
  return outbox;
}

/** One message for the audit records of a commit; those that hold a contact are the ledger of contacts (I6). */
export function auditMessage(
  records: readonly AuditRecord[],
  traceHeaders: Readonly<Record<string, string>>,
): OutboxEntry {
  const { customerId, n } = records[0]!;
  const ledger = records.some((r) => r.entries.some(isLedgerEntry));
  return {
    id: `${customerId}.a${n}`,
    subject: subjects.audit(customerId, ledger ? "contact" : "step"),
    body: { records },
    headers: traceHeaders,
  };
}

function timerEvent(customerId: string, instance: string, wait: string, dueAt: number): object {
  return {
    specversion: "1.0",
    id: `${instance}.${wait}`,
    source: "segue",
    type: timerType(instance, wait),
    subject: customerId,
    time: new Date(dueAt).toISOString(),
  };
}

/** Publishes what stands in the outbox; resolves when all of it is acknowledged. */
export async function relay(
  publisher: Publisher,
  clock: Clock,
  outbox: readonly OutboxEntry[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    outbox.map((entry) => {
      const options = { msgId: entry.id, signal, ...(entry.headers ? { headers: entry.headers } : {}) };
      const timer = parseTimer(entry.subject);
      if (!timer) return publisher.publish(entry.subject, JSON.stringify(entry.body), options);
      const { time } = entry.body as { time: string };
      return publisher.publish(entry.subject, JSON.stringify(entry.body), {
        ...options,
        schedule: {
          at: clock.wallAt(Date.parse(time)),
          target: subjects.due(timer.customerId, timer.instance, timer.wait),
          ttl: FIRED_TIMER_TTL,
        },
      });
    }),
  );
}
