/** `segue <command>`: `npm run segue -- <command>`. `npm start` runs `segue start`. */
import { styleText } from "node:util";
import { didYouMean } from "#definitions";
import { bpic2012Command } from "./bpic2012/bpic2012.command.js";
import type { Command } from "./command.js";
import { consentCommand } from "./consent/consent.command.js";
import { definitionsCommand } from "./definitions/definitions.command.js";
import { diagramCommand } from "./diagram/diagram.command.js";
import { holdCommand } from "./hold/hold.command.js";
import { modelsCommand } from "./models/models.command.js";
import { newCommand } from "./new/new.command.js";
import { journeysCommand } from "./journeys/journeys.command.js";
import { experimentsCommand } from "./experiments/experiments.command.js";
import { kpiCommand } from "./kpi/kpi.command.js";
import { migrateCommand } from "./migrate/migrate.command.js";
import { pauseCommand } from "./pause/pause.command.js";
import { policyCommand } from "./policy/policy.command.js";
import { proposeCommand } from "./propose/propose.command.js";
import { provisionCommand } from "./provision/provision.command.js";
import { publishCommand } from "./publish/publish.command.js";
import { resumeCommand } from "./resume/resume.command.js";
import { rollbackCommand } from "./rollback/rollback.command.js";
import { simulateCommand } from "./simulate/simulate.command.js";
import { startCommand } from "./start/start.js";
import { validateCommand } from "./validate/validate.command.js";
import { stopCommand } from "./stop/stop.command.js";
import { auditCommand } from "./audit/audit.command.js";
import { explainCommand } from "./explain/explain.command.js";
import { replayCommand } from "./recompute/replay.command.js";
import { tailCommand } from "./tail/tail.command.js";

const COMMANDS: Readonly<Record<string, Command>> = {
  new: newCommand,
  validate: validateCommand,
  diagram: diagramCommand,
  start: startCommand,
  provision: provisionCommand,
  journeys: journeysCommand,
  definitions: definitionsCommand,
  propose: proposeCommand,
  publish: publishCommand,
  rollback: rollbackCommand,
  pause: pauseCommand,
  resume: resumeCommand,
  stop: stopCommand,
  migrate: migrateCommand,
  simulate: simulateCommand,
  consent: consentCommand,
  hold: holdCommand,
  bpic2012: bpic2012Command,
  kpi: kpiCommand,
  experiments: experimentsCommand,
  tail: tailCommand,
  models: modelsCommand,
  policy: policyCommand,
  explain: explainCommand,
  replay: replayCommand,
  audit: auditCommand,
};

/** How the list is divided; a command that is in none of them stands under the last heading. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  "Design a journey": ["new", "validate", "diagram", "simulate"],
  "Govern what is live": [
    "journeys",
    "definitions",
    "propose",
    "publish",
    "rollback",
    "pause",
    "resume",
    "stop",
    "migrate",
  ],
  "Customers' consents and holds": ["consent", "hold"],
  "See and prove what happened": [
    "kpi",
    "experiments",
    "models",
    "tail",
    "policy",
    "explain",
    "replay",
    "audit",
  ],
  "Run an installation": [],
};

function overview(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((c) => c.length));
  const placed = new Set(Object.values(SECTIONS).flat());
  const parts = Object.entries(SECTIONS).map(([heading, members], i, all) => {
    const rest = i === all.length - 1 ? names.filter((n) => !placed.has(n)) : [];
    const rows = [...members.filter((n) => names.includes(n)), ...rest].map(
      (name) => `  ${styleText("bold", name.padEnd(width))}  ${COMMANDS[name]!.summary}`,
    );
    return rows.length === 0 ? "" : `${heading}\n${rows.join("\n")}\n\n`;
  });
  return `segue <command> [options]\n\n${parts.join("")}segue <command> --help says more about each.\n`;
}

/** Says that there is no such command, and which one was probably meant. */
function unknown(name: string): string {
  const meant = didYouMean(name, Object.keys(COMMANDS));
  return `segue: there is no command ${JSON.stringify(name)}${meant ? `; ${meant}` : ""}\n\n${overview()}`;
}

async function main([name = "", ...args]: readonly string[]): Promise<number> {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!.run(args);
  if (name === "") {
    process.stderr.write(overview());
    return 2;
  }
  if (!["help", "--help", "-h"].includes(name)) {
    process.stderr.write(unknown(name));
    return 2;
  }
  const [about] = args;
  if (about !== undefined && !Object.hasOwn(COMMANDS, about)) {
    process.stderr.write(unknown(about));
    return 2;
  }
  process.stdout.write(about === undefined ? overview() : `${COMMANDS[about]!.help.trimEnd()}\n`);
  return 0;
}

const status = await main(process.argv.slice(2));
// What still waits to be taken by a pipe would be lost.
process.stdout.write("", () => process.exit(status));
