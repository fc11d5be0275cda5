/**
 * What this process knows of a customer's outcomes without asking the stream: from the sequence that a command
 * carries (all outcomes up to it were applied before it was ordered), and from an unbroken run of outcomes that this
 * process wrote itself, each by compare-and-set on the one before.
 */
import type { Command } from "#contracts";

interface Run {
  /** The sequence that the first write of the run expected. */
  readonly from: number;
  /** The sequence of the last one. */
  readonly last: number;
  /** Commands that ended in the run. */
  readonly commands: readonly string[];
}

const MAX_CUSTOMERS = 20_000;
/** A longer run is forgotten from its start. */
const MAX_RUN = 8;

export class OutcomeKnowledge {
  /** In order of use, oldest first. */
  readonly #runs = new Map<string, Run>();

  /** The customer's last outcome, if none of this command can be among them; `undefined` when only the stream can tell. */
  lastBefore(command: Command): number | undefined {
    const { outcomesUpTo: known } = command;
    if (known === undefined) return undefined;
    const run = this.#runs.get(command.customerId);
    if (!run || known > run.last) return known;
    return known >= run.from && !run.commands.includes(command.commandId) ? run.last : undefined;
  }

  /** The command's terminal outcome was written as `seq`, right after `expected`. */
  wrote(command: Command, expected: number, seq: number): void {
    const { customerId, commandId } = command;
    const run = this.#runs.get(customerId);
    this.#runs.delete(customerId);
    const follows = run?.last === expected && run.commands.length < MAX_RUN;
    const commands = follows ? [...run.commands, commandId] : [commandId];
    this.#runs.set(customerId, { from: follows ? run.from : expected, last: seq, commands });
    if (this.#runs.size <= MAX_CUSTOMERS) return;
    for (const oldest of this.#runs.keys()) {
      this.#runs.delete(oldest);
      return;
    }
  }
}
