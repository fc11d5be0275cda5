/** `segue <command>`: `npm run segue -- <command>`. `npm start` runs `segue start`. */
import { styleText } from "node:util";
import type { Command } from "./command.js";
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
import { stopCommand } from "./stop/stop.command.js";

const COMMANDS: Readonly<Record<string, Command>> = {
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
};

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((c) => c.length));
  const rows = Object.entries(COMMANDS).map(
    ([name, c]) => `  ${styleText("bold", name.padEnd(width))}  ${c.summary}`,
  );
  return `segue <command> [options]\n\n${rows.join("\n")}\n\nsegue <command> --help says more about each.\n`;
}

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command) {
  process.exit(await command.run(args));
} else if (["", "help", "--help", "-h"].includes(name)) {
  process.stdout.write(overview());
  process.exit(name === "" ? 2 : 0);
} else {
  process.stderr.write(`segue: there is no command ${JSON.stringify(name)}\n\n${overview()}`);
  process.exit(2);
}
