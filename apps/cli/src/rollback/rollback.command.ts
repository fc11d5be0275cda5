/** `segue rollback`: the version before is live again. */
import { governanceCommand, journeyOf, wholeNumber } from "../governance/governance-command.js";
import { liveText } from "../governance/words.js";

export const rollbackCommand = governanceCommand({
  name: "rollback",
  summary: "take the newest version of a journey back: the one before is live again, at once",
  usage: ["<journey> [--version <n>]"],
  text: `
Nobody enters the newest version any more; also one whose time has not come. Customers who are inside it do what
that version itself says (onRollback: stay, exit or to-previous), with their next event or timer. Nothing is lost:
events, timers and contacts stay as they are. One person may do it.`,
  options: { version: { type: "string" } },
  optionsText: `  --version <n>        refuse unless this is the version that would be taken back
`,
  act(call) {
    const version = call.option("version");
    return call.registry.rollback(journeyOf(call), {
      ...call.who,
      version: version === undefined ? undefined : wholeNumber(version, "--version"),
    });
  },
  told: ({ now, record: { change } }) =>
    "live" in now && change.kind === "rolled-back"
      ? `${now.journey} version ${change.version} is rolled back. Live: ${liveText(now, Date.now())}`
      : "",
});
