/**
 * Loan applications at a Dutch bank, as BPI Challenge 2012 published them (https://doi.org/10.4121/uuid:3926db30-f712-4394-aebc-75976070e91f),
 * from a CSV with the columns below, plain or gzip. The data itself is not part of this repository.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

export const COLUMNS = [
  "case_id",
  "amount_req_eur",
  "reg_date",
  "event_no",
  "activity",
  "lifecycle",
  "resource",
  "timestamp",
] as const;

export type CallSubject = "offer" | "papers";

/** Work on calls about one thing, without a long break: `WORK_BREAK_MS`. */
export interface Call {
  readonly about: CallSubject;
  readonly from: number;
  readonly to: number;
  /** Pieces of work that it is made of. */
  readonly items: number;
}

export type CaseEnd = "approved" | "declined" | "cancelled" | "open";

/** What happened to one application. Times are epoch ms. */
export interface LoanCase {
  readonly id: string;
  readonly amountEur: number;
  readonly submittedAt: number;
  readonly offersAt: readonly number[];
  readonly returnedAt: readonly number[];
  readonly papersMissingAt: readonly number[];
  readonly calls: readonly Call[];
  readonly end: CaseEnd;
  readonly endedAt: number | undefined;
  readonly lastAt: number;
}

/** A file that is not what its name says. */
export class NotLoanCases extends Error {
  override readonly name = "NotLoanCases";
}

/** Pieces of work on calls that are no further apart are one call: agents suspend and resume one within minutes. */
export const WORK_BREAK_MS = 3_600_000;

const CALLS: Readonly<Record<string, CallSubject>> = {
  "W_Nabellen offertes": "offer",
  "W_Nabellen incomplete dossiers": "papers",
};
const ENDS: Readonly<Record<string, CaseEnd>> = {
  A_APPROVED: "approved",
  A_DECLINED: "declined",
  A_CANCELLED: "cancelled",
};

interface Row {
  readonly activity: string;
  readonly lifecycle: string;
  readonly at: number;
}

/** Reads every case, in the order of the file. Throws NotLoanCases. */
export async function readLoanCases(file: string): Promise<readonly LoanCase[]> {
  const bytes = createReadStream(file);
  const input = file.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes;
  const cases = new Map<string, { amountEur: number; rows: Row[] }>();
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++;
    if (line === 1) {
      if (text !== COLUMNS.join(","))
        throw new NotLoanCases(`${file}: the first line must be ${COLUMNS.join(",")}`);
      continue;
    }
    if (text === "") continue;
    const [id, amount, , , activity, lifecycle, , timestamp, ...more] = text.split(",");
    const at = Date.parse(timestamp ?? "");
    if (
      !id ||
      !activity ||
      !lifecycle ||
      more.length > 0 ||
      Number.isNaN(at) ||
      !/^[A-Za-z0-9_-]{1,48}$/.test(id)
    )
      throw new NotLoanCases(`${file}:${line}: not a row of ${COLUMNS.join(",")}`);
    let found = cases.get(id);
    if (!found) cases.set(id, (found = { amountEur: Number(amount), rows: [] }));
    found.rows.push({ activity, lifecycle, at });
  }
  return [...cases].map(([id, { amountEur, rows }]) => caseOf(id, amountEur, rows));
}

function caseOf(id: string, amountEur: number, given: readonly Row[]): LoanCase {
  const rows = [...given].sort((a, b) => a.at - b.at);
  const times = (activity: string): number[] => rows.filter((r) => r.activity === activity).map((r) => r.at);
  const ended = rows.find((r) => ENDS[r.activity] !== undefined);
  return {
    id,
    amountEur,
    submittedAt: times("A_SUBMITTED")[0] ?? rows[0]!.at,
    offersAt: times("O_SENT"),
    returnedAt: times("O_SENT_BACK"),
    papersMissingAt: rows
      .filter((r) => r.activity === "W_Nabellen incomplete dossiers" && r.lifecycle === "SCHEDULE")
      .map((r) => r.at),
    calls: callsOf(rows),
    end: ended ? ENDS[ended.activity]! : "open",
    endedAt: ended?.at,
    lastAt: rows.at(-1)!.at,
  };
}

function callsOf(rows: readonly Row[]): Call[] {
  const calls: Call[] = [];
  const started = new Map<string, number>();
  for (const { activity, lifecycle, at } of rows) {
    const about = CALLS[activity];
    if (about === undefined) continue;
    if (lifecycle === "START") started.set(activity, at);
    if (lifecycle !== "COMPLETE") continue;
    const from = started.get(activity) ?? at;
    started.delete(activity);
    const i = calls.findLastIndex((c) => c.about === about);
    const last = calls[i];
    if (last && from - last.to <= WORK_BREAK_MS) calls[i] = { ...last, to: at, items: last.items + 1 };
    else calls.push({ about, from, to: at, items: 1 });
  }
  return calls;
}
