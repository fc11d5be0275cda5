/** `segue journeys`: what is live, who published it, what waits. */
import { parseArgs } from "node:util";
import type { Controls } from "#contracts";
import type { JourneyRegistry } from "#registry";
import type { Command } from "../command.js";
import { coloured, withRegistry } from "../governance/governance-command.js";
import { releasesText, summary, tellStory } from "../governance/release-story.js";
import { clockAt, NATS_DEFAULT_TEXT, natsOption } from "../nats-option.js";

const HELP = `segue journeys [<journey>] [--json] [--nats <url>]

  Lists the journeys: which versions are live and for which share of the customers, who wrote and who published them,
  what waits for somebody to publish it, and what the kill switch stops. With a journey: every change that was made to
  it, and whether the chain of these records is whole.
  --nats <url>  ${NATS_DEFAULT_TEXT}
  --json        one JSON document on stdout

  Exit status: 0 listed, 1 there is no such journey, its chain is broken, or not reachable, 2 not understood.
`;

export const journeysCommand: Command = {
  summary: "list journeys: versions, live shares, who published them, what waits for approval",
  help: HELP,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  let nats: string;
  let json: boolean;
  let journey: string | undefined;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        nats: natsOption,
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (positionals.length > 1) throw new Error("name one journey, or none");
    ({ nats, json } = values);
    [journey] = positionals;
  } catch (error) {
    process.stderr.write(`segue journeys: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const asked = journey;
  try {
    return await withRegistry(
      nats,
      () => ({}),
      async (registry) => {
        const now = clockAt(nats).now();
        return asked === undefined ? list(registry, now, json) : one(registry, asked, now, json);
      },
    );
  } catch (error) {
    process.stderr.write(`segue journeys: ${(error as Error).message}\n`);
    return 1;
  }
}

async function list(registry: JourneyRegistry, now: number, json: boolean): Promise<number> {
  const [releases, controls] = await Promise.all([registry.releases(), registry.controls()]);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ journeys: releases.map((r) => summary(r, now)), controls: switches(controls) }, null, 2)}\n`,
    );
    return 0;
  }
  process.stdout.write(releasesText(releases, now));
  if (releases.length === 0) process.stdout.write("no journey is published yet\n");
  for (const text of switchTexts(controls))
    process.stdout.write(`${coloured(["red", "bold"], `sends stopped: ${text}`, process.stdout)}\n`);
  return 0;
}

async function one(registry: JourneyRegistry, journey: string, now: number, json: boolean): Promise<number> {
  const release = await registry.release(journey);
  if (!release) {
    process.stderr.write(
      `segue journeys: there is no journey ${JSON.stringify(journey)}; segue journeys lists them\n`,
    );
    return 1;
  }
  return tellStory(release, await registry.history(journey), now, json);
}

function switches({ all, channels, journeys }: Controls): object {
  return { all, channels, journeys };
}

function switchTexts({ all, channels, journeys }: Controls): readonly string[] {
  return [
    ...(all ? ["everything"] : []),
    ...channels.map((c) => `channel ${c}`),
    ...journeys.map((j) => `journey ${j}`),
  ];
}
