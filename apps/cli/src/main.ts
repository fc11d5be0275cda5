/** `segue <command>`: `npm run segue -- <command>`. `npm start` runs `segue start`. */
import { styleText } from "node:util";
import { didYouMean } from "#definitions";
import { bpic2012Command } from "./bpic2012/bpic2012.command.js";
import type { Command } from "./command.js";
import { diagramCommand } from "./diagram/diagram.command.js";
import { newCommand } from "./new/new.command.js";
import { journeysCommand } from "./journeys/journeys.command.js";
import { migrateCommand } from "./migrate/migrate.command.js";
import { pauseCommand } from "./pause/pause.command.js";
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

/** In the order in which a designer and an operator meet them. */
const COMMANDS: Readonly<Record<string, Command>> = {
  new: newCommand,
  validate: validateCommand,
  diagram: diagramCommand,
  start: startCommand,
  provision: provisionCommand,
  journeys: journeysCommand,
  propose: proposeCommand,
  publish: publishCommand,
  rollback: rollbackCommand,
  pause: pauseCommand,
  resume: resumeCommand,
  stop: stopCommand,
  migrate: migrateCommand,
  simulate: simulateCommand,
  bpic2012: bpic2012Command,
  tail: tailCommand,
  explain: explainCommand,
  replay: replayCommand,
  audit: auditCommand,
};

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((c) => c.length));
  const rows = Object.entries(COMMANDS).map(
    ([name, c]) => `  ${styleText("bold", name.padEnd(width))}  ${c.summary}`,
  );
  return `segue <command> [options]\n\n${rows.join("\n")}\n\nsegue <command> --help says more about each.\n`;
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

process.exit(await main(process.argv.slice(2)));
