/** `segue rollback`: the version before is live again. */
import { governanceCommand, journeyOf, wholeNumber } from "../governance/governance-command.js";
import { publicationOf } from "../governance/publications.js";
import { liveText } from "../governance/words.js";

export const rollbackCommand = governanceCommand({
  name: "rollback",
  summary:
    "take the newest version of a journey, catalogue or policy pack back: the one before is live again, at once",
  usage: ["<journey> [--version <n>]", "catalogue/<id>|policy/<id> [--version <n>]"],
  text: `
Nobody enters the newest version any more; also one whose time has not come. Customers who are inside it do what
that version itself says (onRollback: stay, exit or to-previous), with their next event or timer. Nothing is lost:
events, timers and contacts stay as they are. Of a catalogue or policy pack the version before is in force from the
next decision on. One person may do it.`,
  options: { version: { type: "string" } },
  optionsText: `  --version <n>        refuse unless this is the version that would be taken back
`,
  act(call) {
    const version = call.option("version");
    const wish = {
      ...call.who,
      version: version === undefined ? undefined : wholeNumber(version, "--version"),
    };
    const publication = publicationOf(call);
    return publication
      ? publication.log.rollback(publication.id, wish)
      : call.registry.rollback(journeyOf(call), wish);
  },
  told: ({ now, record: { change } }, clock) =>
    "live" in now && change.kind === "rolled-back"
      ? `${now.journey} version ${change.version} is rolled back. Live: ${liveText(now, clock.now())}`
      : "",
});
