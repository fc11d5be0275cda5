/** `segue <command>`. `npm start` runs `segue start`. */
import { provisionCommand } from "./provision/provision.command.js";
import { start } from "./start/start.js";

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  start,
  provision: provisionCommand,
};

const [name = "", ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command) {
  process.exit(await command(args));
} else {
  process.stderr.write(
    `segue: ${name === "" ? "no command" : `no command ${JSON.stringify(name)}`}; there is: ${Object.keys(COMMANDS).join(", ")}\n`,
  );
  process.exit(2);
}
