/** Keeps what the ledgers say of the customers of whom something was violated, for whoever looks into it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Violation } from "./checks.js";
import type { Ledgers } from "./ledgers.js";
import type { Rig } from "./rig.js";

const FOLDER = ".segue/faults";
const CUSTOMERS = 10;

/** Writes one file; answers its path. */
export function keepLedgers(
  run: { readonly scenario: string; readonly seed: number },
  ledgers: Ledgers,
  violations: readonly Violation[],
): string {
  const named = new Set(violations.flatMap((v) => v.customerId ?? []).slice(0, CUSTOMERS));
  const ofCustomers = Object.fromEntries(
    [...named].map((customerId) => {
      const own = <T extends { readonly customerId: string }>(list: readonly T[]): T[] =>
        list.filter((x) => x.customerId === customerId);
      const commands = ledgers.commands.filter((c) => c.command.customerId === customerId);
      const ids = new Set(commands.map((c) => c.command.commandId));
      const ledger = {
        published: own(ledgers.published),
        evt: own(ledgers.evt),
        context: ledgers.contexts.get(customerId),
        commits: own(ledgers.commits),
        chain: own(ledgers.steps).map((r) => r.body),
        decisions: ledgers.decisions.filter((d) => d.request.customerId === customerId),
        commands,
        provider: ledgers.provider.filter((c) => ids.has(c.commandId)),
        gates: ledgers.gates.asked.filter((g) => ids.has(g.commandId)),
        outcomes: ledgers.outcomes.filter((o) => ids.has(o.outcome.commandId)),
      };
      return [customerId, ledger];
    }),
  );
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${run.scenario}-${run.seed}.json`);
  writeFileSync(file, JSON.stringify({ violations, dead: ledgers.dead, customers: ofCustomers }, null, 1));
  return relative(process.cwd(), file);
}

/** The last output of each service; answers the file's path. */
export function keepOutput(run: { readonly scenario: string; readonly seed: number }, rig: Rig): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${run.scenario}-${run.seed}.log`);
  const parts = [...rig.services.values()].map((s) => `== ${s.id}\n${s.output()}`);
  writeFileSync(file, parts.join("\n"));
  return relative(process.cwd(), file);
}
