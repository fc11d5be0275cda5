/** `segue <command>`: `npm run segue -- <command>`. `npm start` runs `segue start`. */
import { styleText } from "node:util";
import type { Command } from "./command.js";
import { auditCommand } from "./audit/audit.command.js";
import { explainCommand } from "./explain/explain.command.js";
import { provisionCommand } from "./provision/provision.command.js";
import { replayCommand } from "./recompute/replay.command.js";
import { startCommand } from "./start/start.js";
import { tailCommand } from "./tail/tail.command.js";

const COMMANDS: Readonly<Record<string, Command>> = {
  start: startCommand,
  provision: provisionCommand,
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
