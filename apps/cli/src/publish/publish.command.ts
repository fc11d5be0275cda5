/** `segue publish`: makes a proposed version live. */
import { governanceCommand, journeyOf, UsageError, wholeNumber } from "../governance/governance-command.js";
import { publicationOf } from "../governance/publications.js";
import { liveText } from "../governance/words.js";
import { publishGate } from "./publish-gate.js";

export const publishCommand = governanceCommand({
  name: "publish",
  summary: "make a proposed version live (not by who wrote it), for a share of the customers or all",
  checks: true,
  usage: [
    "<journey> --version <n> [--percent <1-100>] [--from <time>]",
    "catalogue/<id>|policy/<id> --version <n> [--from <time>]",
  ],
  text: `
Four eyes: who proposed a version cannot publish it. New customers enter it; those who are inside another
version stay there. Refused when the checks fail, or when the simulation over recorded events (by default the last 24 hours
of the stream) breaks a limit of the gate. With --percent only that share of the customers enters, always the same ones; publish it
again with a larger share to widen it. It takes effect at once in every running service, without a restart. A catalogue or policy pack is in force
for all customers, from the next decision on; decisions that were made before keep the version that they were made with.`,
  options: {
    version: { type: "string" },
    percent: { type: "string" },
    from: { type: "string" },
    gate: { type: "string" },
    "no-gate": { type: "boolean" },
    events: { type: "string" },
  },
  optionsText: `  --version <n>        the proposed version
  --percent <n>        share of the customers that enter it (default 100)
  --from <time>        when it takes effect, ISO 8601 with its zone, e.g. 2027-01-01T08:00+01:00 (default at once; a version that waits for
                       its time keeps it)
  --gate <file>        limits to judge by (default <definitions>/gates/default.yaml, where there is one)
  --events <file>      events to simulate with, CloudEvents as JSON lines (default: the last 24 hours of the stream)
  --no-gate            do not simulate; the record says so
`,
  act(call) {
    const percent = call.option("percent");
    const publication = publicationOf(call);
    if (publication) {
      for (const option of ["percent", "gate", "events"])
        if (call.option(option) !== undefined)
          throw new UsageError(
            `--${option} is for journeys: a catalogue or policy pack is in force for everybody`,
          );
      return publication.log.publish(publication.id, {
        ...call.who,
        version: wholeNumber(call.option("version"), "--version"),
        from: timeOf(call.option("from")),
      });
    }
    return call.registry.publish(journeyOf(call), {
      ...call.who,
      version: wholeNumber(call.option("version"), "--version"),
      percent: percent === undefined ? undefined : wholeNumber(percent, "--percent", 100),
      from: timeOf(call.option("from")),
      gate: publishGate(call),
    });
  },
  told: ({ now }, clock) => ("live" in now ? `${now.journey}: ${liveText(now, clock.now())}` : ""),
});

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isNaN(at))
    throw new UsageError(
      `--from ${text}: write a time with its zone, e.g. 2027-01-01T08:00+01:00 or 2027-01-01T07:00Z`,
    );
  return at;
}
