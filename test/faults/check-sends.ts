/**
 * I5: each send has a reservation and was put to the gate. I6: the cap in any rolling window, by the providers' own ledger.
 * I7: after an acknowledged opt-out or hold no send starts later than 1 s. I8: each command ends in exactly one terminal
 * outcome, and no provider gets the same leg twice.
 */
import { isContact, isTerminal, type Command } from "#contracts";
import type { Cap } from "#domain";
import { groupBy, type Report } from "./checks.js";
import type { Ledgers, ProviderCall } from "./ledgers.js";
import type { Published } from "./load.js";

export interface SendCheckOptions {
  /** Between the gate's time and the provider's call, ms: two sends may be that much closer than the gate saw. */
  readonly capSlackMs?: number;
}

const CAP_SLACK_MS = 1_000;
const OPT_OUT_MS = 1_000;

export function checkSends(ledgers: Ledgers, report: Report, options: SendCheckOptions): void {
  const commands = new Map(ledgers.commands.map((c) => [c.command.commandId, c.command]));
  const ends = groupBy(
    ledgers.outcomes.filter((o) => isTerminal(o.outcome.kind)),
    (o) => o.outcome.commandId,
  );
  checkReserved(ledgers, commands, report);
  checkGates(ledgers, commands, report);
  checkEnds(ledgers, commands, ends, report);
  const mayHaveReached = (call: ProviderCall): boolean => {
    const kind = ends.get(call.commandId)?.[0]?.outcome.kind;
    return kind === "delivered" || kind === "unknown";
  };
  checkCaps(
    ledgers.provider.filter(mayHaveReached),
    commands,
    ledgers.caps,
    options.capSlackMs ?? CAP_SLACK_MS,
    report,
  );
  checkOptOuts(ledgers, commands, report);
}

const leg = (c: { readonly commandId: string; readonly attempt: number }): string =>
  `${c.commandId} leg ${c.attempt}`;
const iso = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

function checkReserved(ledgers: Ledgers, commands: ReadonlyMap<string, Command>, report: Report): void {
  const decisions = groupBy(ledgers.decisions, (d) => d.request.decisionId);
  for (const command of commands.values()) {
    const { commandId, customerId, decisionId, reservationId, action } = command;
    const reserved = decisions
      .get(decisionId)
      ?.some(
        (d) =>
          d.reply.kind === "act" &&
          d.reply.reservationId === reservationId &&
          d.verdicts.some((v) => v.verdict === "permitted" && v.actions.includes(action)),
      );
    if (!reserved)
      report(
        "I5",
        customerId,
        `a decision that reserved ${reservationId} for ${commandId}`,
        `CMD: ${action}`,
        `AUDIT: ${
          decisions
            .get(decisionId)
            ?.map((d) => d.reply.kind)
            .join(", ") ?? "no decision record"
        }`,
      );
  }
}

function checkGates(ledgers: Ledgers, commands: ReadonlyMap<string, Command>, report: Report): void {
  const { asked, gaps } = ledgers.gates;
  const questions = groupBy(asked, leg);
  for (const call of ledgers.provider) {
    const command = commands.get(call.commandId);
    if (!command) {
      report(
        "I5",
        undefined,
        `a command ${call.commandId} in CMD`,
        `provider: ${call.channel} at ${iso(call.wallMs)}`,
      );
      continue;
    }
    const before = questions.get(leg(call))?.some((q) => q.wallMs <= call.wallMs + CAP_SLACK_MS);
    if (!before && !gaps.some((g) => call.wallMs >= g.from && call.wallMs <= g.to))
      report(
        "I5",
        command.customerId,
        `the gate asked before ${leg(call)}`,
        `provider: ${call.channel} at ${iso(call.wallMs)}`,
        `rpc: no question seen`,
      );
  }
}

function checkEnds(
  ledgers: Ledgers,
  commands: ReadonlyMap<string, Command>,
  ends: ReadonlyMap<string, ReadonlyArray<Ledgers["outcomes"][number]>>,
  report: Report,
): void {
  const calls = groupBy(ledgers.provider, (c) => c.commandId);
  for (const command of commands.values()) {
    const { commandId, customerId } = command;
    const list = ends.get(commandId) ?? [];
    if (list.length !== 1)
      report(
        "I8",
        customerId,
        `one terminal outcome of ${commandId}`,
        `EVT: ${list.map((o) => `${o.outcome.kind} (${o.outcome.reason}) at ${o.seq}`).join(", ") || "none"}`,
        `provider: ${
          calls
            .get(commandId)
            ?.map((c) => `leg ${c.attempt} ${c.channel} at ${iso(c.wallMs)}`)
            .join(", ") ?? "not called"
        }`,
      );
    if (list[0]?.outcome.kind === "delivered" && !calls.has(commandId))
      report(
        "I8",
        customerId,
        `a provider that was called for ${commandId}`,
        "EVT: delivered",
        "provider: not called",
      );
  }
  for (const [commandId, list] of ends) {
    if (!commands.has(commandId))
      report(
        "I8",
        undefined,
        `a command ${commandId} in CMD`,
        `EVT: ${list.map((o) => o.outcome.kind).join(", ")}`,
      );
  }
  for (const list of groupBy(ledgers.provider, leg).values()) {
    if (list.length > 1)
      report(
        "I8",
        commands.get(list[0]!.commandId)?.customerId,
        `${leg(list[0]!)} sent once`,
        `provider: ${list.map((c) => `${c.channel} at ${iso(c.wallMs)}`).join(", ")}`,
      );
  }
}

interface Contact {
  readonly commandId: string;
  readonly first: number;
  readonly last: number;
}

/** `calls`: those that may have reached the customer; a command that was refused on every channel frees its place. */
function checkCaps(
  calls: readonly ProviderCall[],
  commands: ReadonlyMap<string, Command>,
  caps: readonly Cap[],
  slackMs: number,
  report: Report,
): void {
  const contacts = calls.filter(
    (c) => commands.has(c.commandId) && isContact(c.channel as Command["plan"][number]["channel"]),
  );
  for (const [customerId, own] of groupBy(contacts, (c) => commands.get(c.commandId)!.customerId)) {
    for (const cap of caps) {
      // Calendars, and what a contact is about, are not in what providers were told.
      if (cap.calendar || cap.per || cap.journey !== undefined) continue;
      const counted = own.filter(
        (c) =>
          (cap.purpose === undefined || cap.purpose === commands.get(c.commandId)!.purpose) &&
          (cap.channels?.some((channel) => channel === c.channel) ?? true),
      );
      // A fallback is the same contact on another channel: it counts where its last leg went out.
      const perCommand: Contact[] = [...groupBy(counted, (c) => c.commandId)].map(([commandId, list]) => {
        const times = list.map((c) => c.wallMs);
        return { commandId, first: Math.min(...times), last: Math.max(...times) };
      });
      perCommand.sort((a, b) => a.last - b.last);
      const tooMany = perCommand.findIndex((c, i) => {
        const earlier = perCommand[i - cap.count];
        return earlier !== undefined && c.last - earlier.last < cap.periodMs - slackMs;
      });
      if (tooMany < 0) continue;
      const run = perCommand.slice(tooMany - cap.count, tooMany + 1);
      report(
        "I6",
        customerId,
        `at most ${cap.count} contacts in ${cap.periodMs / 1_000} s (${cap.rule})`,
        `provider: ${run.map((c) => `${c.commandId} at ${iso(c.last)}`).join(", ")}`,
      );
    }
  }
}

interface Silence {
  readonly from: number;
  readonly to: number;
  readonly of: Published;
  readonly stops: (purpose: string, channel: string) => boolean;
}

/** From a second after the acknowledgement until the publisher began to say otherwise. */
function silences(published: readonly Published[], blockedBy: Ledgers["blockedBy"]): Silence[] {
  const readable = published.filter((p) => !p.malformed);
  const first = [...groupBy(readable, (p) => p.id).values()].map((list) => list[0]!);
  return first.flatMap((of, i): Silence[] => {
    const { type, data } = of;
    const from = of.acknowledgedAt + OPT_OUT_MS;
    const later = first.slice(i + 1);
    if (type === "hold.placed") {
      const kind = String(data["kind"]);
      const end = later.find((q) => q.type === "hold.lifted" && q.data["kind"] === kind);
      // An opt-out is about being spoken to; fraud and death stop what is done, too, whatever the packs say.
      const stops = (purpose: string, channel: string): boolean =>
        channel === "execute" ? kind !== "opt-out" : (blockedBy.get(purpose)?.has(kind) ?? false);
      return [{ from, to: end?.firstTriedAt ?? Infinity, of, stops }];
    }
    if (type === "consent.changed" && data["granted"] === false && data["channel"] === "*") {
      const same = (q: Published): boolean =>
        q.type === "consent.changed" && q.data["purpose"] === data["purpose"] && q.data["granted"] === true;
      return [
        {
          from,
          to: later.find(same)?.firstTriedAt ?? Infinity,
          of,
          stops: (purpose) => purpose === data["purpose"],
        },
      ];
    }
    return [];
  });
}

function checkOptOuts(ledgers: Ledgers, commands: ReadonlyMap<string, Command>, report: Report): void {
  const calls = groupBy(ledgers.provider, (c) => commands.get(c.commandId)?.customerId ?? "");
  for (const [customerId, published] of groupBy(ledgers.published, (p) => p.customerId)) {
    for (const s of silences(published, ledgers.blockedBy)) {
      for (const call of calls.get(customerId) ?? []) {
        const { purpose } = commands.get(call.commandId)!;
        if (call.wallMs <= s.from || call.wallMs >= s.to) continue;
        if (!s.stops(purpose, call.channel)) continue;
        report(
          "I7",
          customerId,
          `no send later than 1 s after ${s.of.type} ${s.of.id}`,
          `publisher: acknowledged at ${iso(s.of.acknowledgedAt)} as EVT ${s.of.seq}, until ${s.to === Infinity ? "the end" : iso(s.to)}`,
          `provider: ${leg(call)} (${purpose}) on ${call.channel} at ${iso(call.wallMs)}`,
        );
      }
    }
  }
}
