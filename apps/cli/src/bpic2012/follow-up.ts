/** What the loan follow-up would have done in each case, and when, beside what happened. Every number is counted from the cases. */
import { heard, type CustomerRun, type SimulatedContact } from "#simulation";
import type { Call, CaseEnd, LoanCase } from "./loan-cases.js";

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A call so soon after the offer is the one in which it was talked through. */
const SAME_TALK_MS = 4 * HOUR_MS;
const AFTER_CALL_MS = 3 * DAY_MS;
/** Days after the offer at which shares are told. */
export const MARKS = [0, 1, 2, 3, 5, 7, 10, 14, 21, 30] as const;
const CALLS_COUNTED = 6;

export interface FollowUp {
  readonly cases: number;
  readonly from: number;
  readonly to: number;
  readonly happened: {
    readonly ends: Readonly<Record<CaseEnd, number>>;
    readonly casesWithOffer: number;
    readonly offers: number;
    readonly casesReturned: number;
    readonly casesWithPapersMissing: number;
    /** Calls about the offer later than the talk in which it was made, and about papers. */
    readonly offerCalls: number;
    readonly paperCalls: number;
    readonly workItems: number;
    readonly medianDaysToReturn: number;
    readonly medianDaysToFirstCall: number;
  };
  readonly wouldHave: {
    /** Per action: commands, and the cases concerned. */
    readonly commands: Readonly<Record<string, { commands: number; cases: number }>>;
    readonly channels: Readonly<Record<string, number>>;
    readonly exits: Readonly<Record<string, number>>;
    readonly contactsPerCase: Readonly<Record<string, number>>;
    readonly medianDaysToReminder: number;
    /** Commands ordered when the application was already approved, declined or cancelled. */
    readonly afterTheEnd: number;
    readonly decisionsRefused: Readonly<Record<string, number>>;
  };
  /** Of the cases with an offer. */
  readonly offers: {
    readonly returnedBeforeReminder: number;
    readonly endedBeforeReminder: number;
    readonly reminded: number;
    /** What became of those that would have been reminded, after that moment. */
    readonly remindedThen: Readonly<
      Record<"returned" | "cancelled" | "declined" | "approved" | "open", number>
    >;
    /** Of those reminded: the bank called before the reminder; only later; never. */
    readonly calledBeforeReminder: number;
    readonly calledAfterReminder: number;
    readonly neverCalled: number;
    /** Calls about the offer that the bank made before the reminder would have gone. */
    readonly callsBeforeReminder: number;
    readonly journeyCalls: number;
  };
  /** Share of the cases with an offer, by days after the first offer. */
  readonly byDay: {
    readonly returned: readonly number[];
    readonly called: readonly number[];
    readonly reminded: readonly number[];
    readonly handedToAgent: readonly number[];
  };
  /** Of the calls about an offer that was still open: the n-th, and the share that was followed by its return within 3 days. */
  readonly perCall: readonly { readonly n: number; readonly calls: number; readonly returned: number }[];
}

export const REMINDER = "loan-offer-reminder";
export const AGENT_CALL = "loan-offer-call";

/** Adds up all cases; `runs` gives the run of each, in any order. */
export function followUpOf(cases: readonly LoanCase[], runs: ReadonlyMap<string, CustomerRun>): FollowUp {
  const withOffer = cases.filter((c) => c.offersAt.length > 0);
  const told = withOffer.map((c) => ({ c, ...momentsOf(c, runs.get(c.id)) }));
  const reminded = told.filter((t) => t.remindedAt !== undefined);
  const silent = told.filter((t) => t.remindedAt === undefined);
  const calls = cases.flatMap((c) => c.calls);
  const share = (at: (t: (typeof told)[number]) => number | undefined): number[] =>
    MARKS.map((d) =>
      withOffer.length === 0
        ? 0
        : told.filter((t) => (at(t) ?? Infinity) - t.c.offersAt[0]! <= d * DAY_MS).length / withOffer.length,
    );
  return {
    cases: cases.length,
    from: cases.reduce((least, c) => Math.min(least, c.submittedAt), Infinity),
    to: cases.reduce((most, c) => Math.max(most, c.lastAt), -Infinity),
    happened: {
      ends: count(cases, (c) => c.end, { approved: 0, declined: 0, cancelled: 0, open: 0 }),
      casesWithOffer: withOffer.length,
      offers: cases.reduce((n, c) => n + c.offersAt.length, 0),
      casesReturned: cases.filter((c) => c.returnedAt.length > 0).length,
      casesWithPapersMissing: cases.filter((c) => c.papersMissingAt.length > 0).length,
      offerCalls: cases.reduce((n, c) => n + offerCalls(c).length, 0),
      paperCalls: calls.filter((call) => call.about === "papers").length,
      workItems: calls.reduce((n, call) => n + call.items, 0),
      medianDaysToReturn: median(told.flatMap((t) => days(t.c.offersAt[0]!, t.returnedAt))),
      medianDaysToFirstCall: median(told.flatMap((t) => days(t.c.offersAt[0]!, t.calls[0]?.from))),
    },
    wouldHave: wouldHave(cases, runs, told),
    offers: {
      returnedBeforeReminder: silent.filter((t) => t.returnedAt !== undefined).length,
      endedBeforeReminder: silent.filter((t) => t.returnedAt === undefined && t.c.end !== "open").length,
      reminded: reminded.length,
      remindedThen: count(reminded, thenOf, { returned: 0, cancelled: 0, declined: 0, approved: 0, open: 0 }),
      calledBeforeReminder: reminded.filter((t) => (t.calls[0]?.from ?? Infinity) < t.remindedAt!).length,
      calledAfterReminder: reminded.filter((t) => (t.calls[0]?.from ?? -Infinity) >= t.remindedAt!).length,
      neverCalled: reminded.filter((t) => t.calls.length === 0).length,
      callsBeforeReminder: reminded.reduce(
        (n, t) => n + t.calls.filter((call) => call.from < t.remindedAt!).length,
        0,
      ),
      journeyCalls: told.filter((t) => t.agentAt !== undefined).length,
    },
    byDay: {
      returned: share((t) => t.returnedAt),
      called: share((t) => t.calls[0]?.from),
      reminded: share((t) => t.remindedAt),
      handedToAgent: share((t) => t.agentAt),
    },
    perCall: perCall(withOffer),
  };
}

interface Moments {
  readonly returnedAt: number | undefined;
  readonly calls: readonly Call[];
  readonly remindedAt: number | undefined;
  readonly agentAt: number | undefined;
}

function momentsOf(c: LoanCase, run: CustomerRun | undefined): Moments {
  const ordered = (action: string): number | undefined => run?.contacts.find((x) => x.action === action)?.at;
  return {
    returnedAt: c.returnedAt[0],
    calls: offerCalls(c),
    remindedAt: ordered(REMINDER),
    agentAt: ordered(AGENT_CALL),
  };
}

/** Calls about the offer, without the talk in which it was made. */
function offerCalls(c: LoanCase): readonly Call[] {
  const first = c.offersAt[0];
  return c.calls.filter(
    (call) => call.about === "offer" && first !== undefined && call.from > first + SAME_TALK_MS,
  );
}

function thenOf({
  c,
  remindedAt,
  returnedAt,
}: Moments & { c: LoanCase }): keyof FollowUp["offers"]["remindedThen"] {
  return returnedAt !== undefined && returnedAt >= remindedAt! ? "returned" : c.end;
}

function perCall(cases: readonly LoanCase[]): FollowUp["perCall"] {
  return Array.from({ length: CALLS_COUNTED }, (_, i) => {
    const nth = cases.flatMap((c) => {
      const call = offerCalls(c)[i];
      const returned = c.returnedAt[0] ?? Infinity;
      // The offer comes back within the call itself when its agent enters it.
      return call && returned >= call.from && (c.endedAt ?? Infinity) >= call.from
        ? [{ call, returned }]
        : [];
    });
    return {
      n: i + 1,
      calls: nth.length,
      returned: nth.filter(({ call, returned }) => returned <= call.to + AFTER_CALL_MS).length,
    };
  });
}

function wouldHave(
  cases: readonly LoanCase[],
  runs: ReadonlyMap<string, CustomerRun>,
  told: readonly (Moments & { readonly c: LoanCase })[],
): FollowUp["wouldHave"] {
  const commands: Record<string, { commands: number; cases: number }> = {};
  const channels: Record<string, number> = {};
  const exits: Record<string, number> = {};
  const perCase: Record<string, number> = {};
  const refused: Record<string, number> = {};
  let afterTheEnd = 0;
  for (const c of cases) {
    const run = runs.get(c.id);
    if (!run) continue;
    const seen = new Set<string>();
    for (const contact of run.contacts) {
      const of = (commands[contact.action] ??= { commands: 0, cases: 0 });
      of.commands++;
      if (!seen.has(contact.action)) of.cases++;
      seen.add(contact.action);
      bump(channels, contact.channel);
      if (contact.at > (c.endedAt ?? Infinity)) afterTheEnd++;
    }
    for (const e of run.entries) if (e.kind === "journey-exited") bump(exits, e.reason);
    for (const d of run.decisions) if (d.answer !== "act") bump(refused, `${d.answer}: ${d.reason}`);
    bump(perCase, String(contactsOf(run).length));
  }
  return {
    commands,
    channels: sorted(channels),
    exits: sorted(exits),
    contactsPerCase: Object.fromEntries(Object.entries(perCase).sort(([a], [b]) => Number(a) - Number(b))),
    medianDaysToReminder: median(told.flatMap((t) => days(t.c.offersAt[0]!, t.remindedAt))),
    afterTheEnd,
    decisionsRefused: sorted(refused),
  };
}

/** What the customer hears by message. */
function contactsOf(run: CustomerRun): readonly SimulatedContact[] {
  return heard(run.contacts);
}

function days(from: number, to: number | undefined): number[] {
  return to === undefined ? [] : [(to - from) / DAY_MS];
}

/** 0 of nothing. */
function median(values: readonly number[]): number {
  const sortedValues = [...values].sort((a, b) => a - b);
  const middle = sortedValues[Math.floor((sortedValues.length - 1) / 2)];
  return middle === undefined ? 0 : Math.round(middle * 10) / 10;
}

function count<T, K extends string>(
  all: readonly T[],
  of: (one: T) => K,
  zero: Record<K, number>,
): Record<K, number> {
  const counts = { ...zero };
  for (const one of all) counts[of(one)]++;
  return counts;
}

function bump(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}
