/** What the sandbox's providers have received, one JSON line per call: an account of sends that is not Segue's own. */
import { appendFileSync } from "node:fs";
import type { SendOrder } from "../provider.port.js";

export interface LedgerLine {
  readonly commandId: string;
  readonly attempt: number;
  readonly channel: string;
  /** Wall-clock epoch ms. */
  readonly wallMs: number;
  readonly pid: number;
}

export type Ledger = (order: SendOrder) => void;

/** Appends to the file, synchronously: the line is there before the provider answers, whatever happens next. */
export function fileLedger(file: string): Ledger {
  return ({ commandId, attempt, channel }) => {
    const line: LedgerLine = { commandId, attempt, channel, wallMs: Date.now(), pid: process.pid };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
}

export const noLedger: Ledger = () => undefined;
