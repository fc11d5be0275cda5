/** `segue resume`: undoes pause and stop. */
import { targetText } from "#registry";
import { governanceCommand } from "../governance/governance-command.js";
import { TARGET_OPTIONS, targetOf } from "../governance/stop-target.js";
import { liveText } from "../governance/words.js";

export const resumeCommand = governanceCommand({
  name: "resume",
  summary: "let a journey go on after pause or stop, or release what the kill switch stopped",
  usage: ["<journey>", "--channel <channel>", "--all"],
  text: `
<journey>: customers enter again, and paused instances go on with the time that they had left; instances that a stop
has ended do not come back. --channel and --all release what segue stop has stopped. What was suppressed meanwhile is
not sent later.`,
  options: TARGET_OPTIONS,
  optionsText: `  --channel <channel>  release one channel
  --all                release everything that was stopped with --all
`,
  act(call) {
    const target = targetOf(call);
    return target.kind === "journey"
      ? call.registry.resume(target.journey, call.who)
      : call.registry.releaseSends(target, call.who);
  },
  told: ({ now, record: { change } }, clock) =>
    "live" in now
      ? `${now.journey} goes on: ${liveText(now, clock.now())}`
      : change.kind === "sends-released"
        ? `sends of ${targetText(change.target)} are released`
        : "",
});
