/** What a row of the fault matrix is, and what it is given to run with. */
import type { Invariant, Violation } from "./checks.js";
import { keepLedgers, keepOutput } from "./kept-ledgers.js";
import { collect } from "./ledgers.js";
import { Load, type LoadOptions } from "./load.js";
import { quiet } from "./quiet.js";
import { Rig, type RigOptions } from "./rig.js";
import { check, type CheckOptions } from "./check-all.js";
import { seeded, type Random } from "./seeded.js";

export type { Invariant } from "./checks.js";

/** `short`: part of `npm test`, about 12 s; `normal`: `npm run faults`; `long`: `--long`. */
export type Size = "short" | "normal" | "long";

export interface Scenario {
  /** Kebab-case, for `--only`. */
  readonly id: string;
  /** The row of the table, in a few words. */
  readonly title: string;
  readonly invariants: readonly Invariant[];
  /** Runs the row once. A violation is reported through `run.settle`; a throw means that the row could not be run. */
  run(run: Run): Promise<void>;
}

/** Who publishes, with the ledger of what was acknowledged to it. */
export type Publishing = Pick<Load, "published" | "finish">;

export interface RunTotals {
  /** Events acknowledged to their publisher, repeated ones included. */
  events: number;
  faults: number;
  commands: number;
  /** Calls that the sandbox's providers received. */
  sends: number;
}

export interface RunOptions {
  readonly scenario: string;
  readonly seed: number;
  readonly size: Size;
  /** Commit of the old build for rolling restarts; default the newest release. */
  readonly oldBuild?: string;
  readonly log: (line: string) => void;
}

const QUIET_WITHIN_MS = 90_000;
/** Of a service's last output, when something does not come to its end. */
const LINES_SHOWN = 6;

/** One run of one row: its seed, its size, its processes, and what was found. */
export class Run {
  readonly totals: RunTotals = { events: 0, faults: 0, commands: 0, sends: 0 };
  readonly violations: Violation[] = [];
  /** Why the row did not run, if it did not. */
  skipped: string | undefined;
  readonly random: Random;
  readonly #rigs: Rig[] = [];
  readonly #loads: Load[] = [];
  readonly #begun = Date.now();

  constructor(readonly options: RunOptions) {
    this.random = seeded(options.seed, options.scenario);
  }

  get size(): Size {
    return this.options.size;
  }

  /** The value for this run's size. */
  pick<T>(of: Readonly<Record<Size, T>>): T {
    return of[this.options.size];
  }

  /** Says what the row is doing, with the seconds since its start. */
  log(text: string): void {
    this.options.log(`  ${((Date.now() - this.#begun) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
  }

  /** Counts an injected fault and says it. */
  fault(text: string): void {
    this.totals.faults++;
    this.log(text);
  }

  skip(reason: string): void {
    this.skipped = reason;
    this.log(`skipped: ${reason}`);
  }

  /** Servers and services as real processes, ready; stopped by `close`. */
  async start(options: RigOptions = {}): Promise<Rig> {
    const rig = await Rig.start({ ...options, onCrash: options.onCrash ?? ((text) => this.log(text)) });
    this.#rigs.push(rig);
    return rig;
  }

  /** Begins to publish; end it with `settle`. */
  load(rig: Rig, options: Partial<LoadOptions> = {}): Load {
    const load = new Load(rig, { seed: this.options.seed, ...options });
    this.#loads.push(load);
    load.start();
    return load;
  }

  /**
   * Ends the load (every event under way is published until it is acknowledged), waits until nothing is left to do, reads
   * the three ledgers and checks them. Answers true when nothing was violated.
   */
  async settle(
    rig: Rig,
    loads: Publishing | readonly Publishing[],
    options: CheckOptions = {},
  ): Promise<boolean> {
    const list = "length" in loads ? loads : [loads];
    await Promise.all(list.map((l) => l.finish()));
    const published = list.flatMap((l) => l.published);
    this.log(`${published.length} events acknowledged; waiting until nothing is left to do`);
    const open = await quiet(rig, published, QUIET_WITHIN_MS, (text) => this.log(text));
    const ledgers = await collect(rig, published);
    const found = check(ledgers, options);
    if (open.length > 0) {
      for (const service of rig.services.values())
        for (const line of service.output().trim().split("\n").slice(-LINES_SHOWN))
          if (line !== "") this.log(`${service.id}: ${line.slice(0, 400)}`);
      found.unshift({
        invariant: "I1",
        expected: "that every acknowledged event is applied and every command ends",
        found: [`after ${QUIET_WITHIN_MS / 1_000} s still open:`, ...open.slice(0, 12)],
      });
    }
    this.violations.push(...found);
    if (found.length > 0) {
      this.log(`the ledgers of those customers: ${keepLedgers(this.options, ledgers, found)}`);
      this.log(`what the services logged: ${keepOutput(this.options, rig)}`);
    }
    this.totals.events += published.length;
    this.totals.commands += new Set(ledgers.commands.map((c) => c.command.commandId)).size;
    this.totals.sends += ledgers.provider.length;
    this.log(
      `checked: ${ledgers.evt.length} in EVT, ${ledgers.steps.length} audit records, ${ledgers.decisions.length} decisions, ` +
        `${ledgers.commands.length} commands, ${ledgers.provider.length} sends, ${ledgers.dead.length} in DLQ: ` +
        (found.length === 0 ? "held" : `${found.length} violations`),
    );
    return found.length === 0;
  }

  async close(): Promise<void> {
    for (const load of this.#loads) load.abort();
    await Promise.all(this.#rigs.splice(0).map((r) => r.stop()));
  }
}
