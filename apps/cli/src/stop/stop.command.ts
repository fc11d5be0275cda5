/** `segue stop`: the kill switch. */
import { targetText } from "#registry";
import { governanceCommand } from "../governance/governance-command.js";
import { TARGET_OPTIONS, targetOf } from "../governance/stop-target.js";

export const stopCommand = governanceCommand({
  name: "stop",
  summary: "kill switch: no send of a journey, a channel or everything starts later than a second after it",
  usage: ["<journey>", "--channel <channel>", "--all"],
  text: `
When this command has answered, no send that it names starts later than a second (I7); what was ordered and not yet
sent ends as suppressed. <journey> also ends the journey: nobody enters, and open instances end with their next event
or timer. segue resume undoes it for what comes then. One person may do it.`,
  options: TARGET_OPTIONS,
  optionsText: `  --channel <channel>  every send on one channel
  --all                every send
`,
  act(call) {
    const target = targetOf(call);
    return target.kind === "journey"
      ? call.registry.stop(target.journey, call.who)
      : call.registry.stopSends(target, call.who);
  },
  told: ({ now, record: { change } }) =>
    "live" in now
      ? `${now.journey} is stopped, and so are its sends. To let it go on: segue resume ${now.journey}`
      : change.kind === "sends-stopped"
        ? `sends of ${targetText(change.target)} are stopped`
        : "",
});
