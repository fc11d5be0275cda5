/** The ledger: rows of both transaction files in one vocabulary, checked against their checksums. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { columnReader, parseCsv, type CsvTable } from "./csv.js";

/** What a row is, in the bank's own terms. */
export type LedgerKind =
  | "cash-in"
  | "transfer-in"
  | "pension"
  | "interest"
  | "cash-out"
  | "card"
  | "fee"
  | "penalty"
  | "transfer-out"
  | "household"
  | "insurance"
  | "loan";

export interface LedgerRow {
  readonly transactionId: number;
  readonly accountId: number;
  /** Day of the booking, `YYYY-MM-DD`. */
  readonly day: string;
  readonly kind: LedgerKind;
  /** How the money moved. */
  readonly operation: "cash" | "transfer" | "card" | "internal";
  /** In haléř (1/100 CZK), always positive. */
  readonly amountMinor: number;
  /** Balance after and before the row, in haléř. */
  readonly balanceMinor: number;
  readonly balanceBeforeMinor: number;
  /** Code of the other bank of a transfer. */
  readonly counterpartyBank?: string;
}

export interface Account {
  readonly accountId: number;
  readonly statements: "monthly" | "weekly" | "per-transaction";
}

export interface Ledger {
  readonly accounts: ReadonlyMap<number, Account>;
  readonly rows: readonly LedgerRow[];
}

export const TRANSACTION_FILES = ["transactions-1993-1994.csv", "transactions-1995-1998.csv"] as const;
const ACCOUNT_FILE = "account.csv";

const STATEMENTS: Readonly<Record<string, Account["statements"]>> = {
  "POPLATEK MESICNE": "monthly",
  "POPLATEK TYDNE": "weekly",
  "POPLATEK PO OBRATU": "per-transaction",
};

type Meaning = readonly ["in" | "out", LedgerKind, LedgerRow["operation"]];

/** `type|operation|k_symbol` of both vocabularies. A remittance without a symbol has no purpose that the bank knows. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ["PRIJEM|VKLAD|", ["in", "cash-in", "cash"]],
  ["PRIJEM|PREVOD Z UCTU|", ["in", "transfer-in", "transfer"]],
  ["PRIJEM|PREVOD Z UCTU|DUCHOD", ["in", "pension", "transfer"]],
  ["PRIJEM||UROK", ["in", "interest", "internal"]],
  // A few withdrawals have the operation's word in the column of the type.
  ["VYBER|VYBER|", ["out", "cash-out", "cash"]],
  ["VYDAJ|VYBER|", ["out", "cash-out", "cash"]],
  ["VYDAJ|VYBER|SLUZBY", ["out", "fee", "internal"]],
  ["VYDAJ|VYBER|SANKC. UROK", ["out", "penalty", "internal"]],
  ["VYDAJ|VYBER|SIPO", ["out", "household", "cash"]],
  ["VYDAJ|VYBER KARTOU|", ["out", "card", "card"]],
  ["VYDAJ|PREVOD NA UCET|", ["out", "transfer-out", "transfer"]],
  ["VYDAJ|PREVOD NA UCET|SIPO", ["out", "household", "transfer"]],
  ["VYDAJ|PREVOD NA UCET|POJISTNE", ["out", "insurance", "transfer"]],
  ["VYDAJ|PREVOD NA UCET|UVER", ["out", "loan", "transfer"]],
  ["credit|credit in cash|", ["in", "cash-in", "cash"]],
  ["credit|collection from another bank|", ["in", "transfer-in", "transfer"]],
  ["credit||interest credited", ["in", "interest", "internal"]],
  ["withdrawal in cash|withdrawal in cash|", ["out", "cash-out", "cash"]],
  ["withdrawal|withdrawal in cash|", ["out", "cash-out", "cash"]],
  ["withdrawal|withdrawal in cash|payment for statement", ["out", "fee", "internal"]],
  ["withdrawal|withdrawal in cash|sanction interest if negative balance", ["out", "penalty", "internal"]],
  ["withdrawal|withdrawal in cash|household", ["out", "household", "cash"]],
  ["withdrawal|credit card withdrawal|", ["out", "card", "card"]],
  ["withdrawal|remittance to another bank|", ["out", "transfer-out", "transfer"]],
  ["withdrawal|remittance to another bank|household", ["out", "household", "transfer"]],
  ["withdrawal|remittance to another bank|insurrance payment", ["out", "insurance", "transfer"]],
]);

function sums(dir: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(dir, "SHA256SUMS"), "utf8").split("\n");
  return new Map(lines.filter((l) => l !== "").map((l) => [l.slice(66), l.slice(0, 64)]));
}

/** Reads one compressed table; throws an error naming the file when it is not the published one. */
function readTable(dir: string, name: string, expected: ReadonlyMap<string, string>): CsvTable {
  const path = join(dir, `${name}.gz`);
  const bytes = gunzipSync(readFileSync(path));
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== expected.get(name)) {
    throw new Error(
      `${path}: the content's SHA-256 is ${actual}, not the one in SHA256SUMS: restore it with "git checkout -- data/berka"`,
    );
  }
  return parseCsv(bytes.toString("utf8"), name);
}

/** Haléř of an amount such as `-1234.50`; exact, without floating point. */
export function minorUnits(text: string): number {
  const m = /^(-?)(\d+)\.(\d\d)$/.exec(text);
  if (!m) throw new Error(`not an amount with two decimals: ${JSON.stringify(text)}`);
  const minor = Number(m[2]) * 100 + Number(m[3]);
  return m[1] === "-" && minor !== 0 ? -minor : minor;
}

/** `YYYY-MM-DD` of a `YYMMDD` of the last century. */
export function isoDay(text: string): string {
  if (!/^\d{6}$/.test(text)) throw new Error(`not a day YYMMDD: ${JSON.stringify(text)}`);
  return `19${text.slice(0, 2)}-${text.slice(2, 4)}-${text.slice(4)}`;
}

function readTransactions(table: CsvTable, name: string): LedgerRow[] {
  const column = (c: string): ((row: readonly string[]) => string) => columnReader(table, name, c);
  const [id, account, date, type] = [
    column("trans_id"),
    column("account_id"),
    column("date"),
    column("type"),
  ];
  const [operation, amount, balance] = [column("operation"), column("amount"), column("balance")];
  const [symbol, bank] = [column("k_symbol"), column("bank")];
  return table.rows.map((row) => {
    const words = `${type(row)}|${operation(row)}|${symbol(row).trim()}`;
    const meaning = MEANINGS.get(words);
    if (!meaning)
      throw new Error(`${name}: transaction ${id(row)} has an unknown type|operation|k_symbol: ${words}`);
    const [direction, kind, by] = meaning;
    const amountMinor = minorUnits(amount(row));
    const balanceMinor = minorUnits(balance(row));
    return {
      transactionId: Number(id(row)),
      accountId: Number(account(row)),
      day: isoDay(date(row)),
      kind,
      operation: by,
      amountMinor,
      balanceMinor,
      balanceBeforeMinor: direction === "in" ? balanceMinor - amountMinor : balanceMinor + amountMinor,
      ...(bank(row) === "" ? {} : { counterpartyBank: bank(row) }),
    };
  });
}

/** Reads both transaction files and the accounts from `dir`. Throws when a file is damaged or does not fit the others. */
export function readLedger(dir: string): Ledger {
  const expected = sums(dir);
  const accountTable = readTable(dir, ACCOUNT_FILE, expected);
  const accountId = columnReader(accountTable, ACCOUNT_FILE, "account_id");
  const frequency = columnReader(accountTable, ACCOUNT_FILE, "frequency");
  const accounts = new Map<number, Account>();
  for (const row of accountTable.rows) {
    const statements = STATEMENTS[frequency(row)];
    if (!statements)
      throw new Error(
        `${ACCOUNT_FILE}: account ${accountId(row)} has an unknown frequency ${frequency(row)}`,
      );
    accounts.set(Number(accountId(row)), { accountId: Number(accountId(row)), statements });
  }
  const rows = TRANSACTION_FILES.flatMap((name) => readTransactions(readTable(dir, name, expected), name));
  const seen = new Set<number>();
  for (const row of rows) {
    // The slices do not overlap; if a later one did, the same transaction must not be told twice.
    if (seen.has(row.transactionId)) throw new Error(`transaction ${row.transactionId} is there twice`);
    seen.add(row.transactionId);
    if (!accounts.has(row.accountId))
      throw new Error(`transaction ${row.transactionId}: no account ${row.accountId}`);
  }
  return { accounts, rows };
}
