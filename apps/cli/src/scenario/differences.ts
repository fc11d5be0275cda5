/** What came of a customer, against what must come. */
import type { Played } from "./play.js";

/** A time of a command that is off by less is as expected: outcomes take their seconds. */
const TIME_SLACK_MS = 10 * 60_000;

/** What did not come as expected, in words; nothing when all did. */
export function differences({ customer, commands, ends, refused, silent, wrongAnswers }: Played): string[] {
  const { expect } = customer;
  const found: string[] = [...wrongAnswers];
  const shown = (c: { action: string; channel: string; outcome: string }): string =>
    `${c.action} ${c.channel} ${c.outcome}`;
  for (let i = 0; i < Math.max(expect.commands.length, commands.length); i++) {
    const want = expect.commands[i];
    const got = commands[i];
    if (!want) found.push(`command ${i + 1} was not expected: ${shown(got!)}`);
    else if (!got) found.push(`command ${i + 1} did not come: ${shown(want)}`);
    else if (shown(want) !== shown(got)) found.push(`command ${i + 1} is ${shown(got)}, not ${shown(want)}`);
    else if (Math.abs(want.at - got.at) > TIME_SLACK_MS)
      found.push(
        `command ${i + 1} (${got.action}) came ${Math.round((got.at - want.at) / 60_000)} min off its time`,
      );
  }
  const compare = (what: string, want: readonly string[], got: readonly string[]): void => {
    if (want.join() !== got.join())
      found.push(`${what}: ${got.join(", ") || "none"}; expected: ${want.join(", ") || "none"}`);
  };
  compare("journeys ended", expect.ends, ends);
  compare("journeys refused", expect.refused, refused);
  if (expect.silent) compare("decisions to say nothing", expect.silent, silent);
  return found;
}
