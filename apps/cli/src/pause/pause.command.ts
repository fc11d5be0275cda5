/** `segue pause`: a journey stands still. */
import { governanceCommand, journeyOf } from "../governance/governance-command.js";

export const pauseCommand = governanceCommand({
  name: "pause",
  summary: "let a journey stand still: nobody enters, waits keep their remaining time",
  usage: ["<journey>"],
  text: `
Nobody enters, open instances stand still and keep their remaining time until segue resume. What was ordered before
is still sent: to stop that too, use segue stop. One person may do it.`,
  act: (call) => call.registry.pause(journeyOf(call), call.who),
  told: ({ record: { journey } }) => `${journey} is paused. To let it go on: segue resume ${journey}`,
});
