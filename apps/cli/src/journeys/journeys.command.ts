/** `segue journeys`: what is live, who published it, what waits. */
import { parseArgs } from "node:util";
import type { Controls, GovernanceRecord, ReleaseRecord } from "#contracts";
import { checkGovernanceChain, isPublished, sharesAt, type JourneyRegistry } from "#registry";
import type { Command } from "../command.js";
import { coloured, withRegistry } from "../governance/governance-command.js";
import { changeText, liveText } from "../governance/words.js";
import { NATS_DEFAULT_TEXT, natsOption } from "../nats-option.js";

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

interface Story {
  readonly release: ReleaseRecord;
  readonly history: readonly GovernanceRecord[];
  /** What is wrong with the chain of the history; empty when nothing is. */
  readonly chain: readonly string[];
}

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
      async (registry) => (asked === undefined ? list(registry, json) : one(registry, asked, json)),
    );
  } catch (error) {
    process.stderr.write(`segue journeys: ${(error as Error).message}\n`);
    return 1;
  }
}

async function list(registry: JourneyRegistry, json: boolean): Promise<number> {
  const [releases, controls] = await Promise.all([registry.releases(), registry.controls()]);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ journeys: releases.map(summary), controls: switches(controls) }, null, 2)}\n`,
    );
    return 0;
  }
  const width = Math.max(0, ...releases.map((r) => r.journey.length));
  for (const release of releases) {
    const waiting = release.versions.filter((v) => !isPublished(v) && !isOld(release, v.version));
    process.stdout.write(
      [
        `${coloured("bold", release.journey.padEnd(width), process.stdout)}  ${stateText(release)}`,
        ...waiting.map(
          (v) =>
            `${" ".repeat(width)}  ${coloured("yellow", `version ${v.version} waits for approval`, process.stdout)} (proposed by ${v.author}: ${v.why})`,
        ),
      ].join("\n") + "\n",
    );
  }
  if (releases.length === 0) process.stdout.write("no journey is published yet\n");
  for (const text of switchTexts(controls))
    process.stdout.write(`${coloured(["red", "bold"], `sends stopped: ${text}`, process.stdout)}\n`);
  return 0;
}

async function one(registry: JourneyRegistry, journey: string, json: boolean): Promise<number> {
  const release = await registry.release(journey);
  if (!release) {
    process.stderr.write(
      `segue journeys: there is no journey ${JSON.stringify(journey)}; segue journeys lists them\n`,
    );
    return 1;
  }
  const history = await registry.history(journey);
  const story: Story = { release, history, chain: checkGovernanceChain(history, release.head) };
  if (json) process.stdout.write(`${JSON.stringify({ ...summary(release), ...story }, null, 2)}\n`);
  else process.stdout.write(storyText(story));
  return story.chain.length === 0 ? 0 : 1;
}

function storyText({ release, history, chain }: Story): string {
  const lines = [
    `${coloured("bold", release.journey, process.stdout)}  ${stateText(release)}`,
    ...(release.rolledBack.length > 0 ? [`rolled back: version ${release.rolledBack.join(", ")}`] : []),
    ...release.migrations.map(
      (m) =>
        `migrating: version ${m.from} to ${m.to} (${Object.entries(m.steps)
          .map(([a, b]) => `${a} → ${b}`)
          .join(", ")})`,
    ),
    "",
    ...history.map(
      (r) =>
        `${String(r.n).padStart(4)}  ${new Date(r.at).toISOString()}  ${r.by}: ${changeText(r.change)} (${r.why})`,
    ),
    "",
    ...(chain.length === 0
      ? [coloured("green", `the chain of these ${history.length} records is whole`, process.stdout)]
      : chain.map((p) => coloured("red", p, process.stdout))),
  ];
  return `${lines.join("\n")}\n`;
}

function stateText(release: ReleaseRecord): string {
  const [first] = release.live;
  const entry = first && release.versions.find((v) => v.version === first.version);
  const by =
    entry?.approver === undefined
      ? ""
      : ` (version ${entry.version}: ${entry.author}, published by ${entry.approver})`;
  const text = liveText(release, Date.now());
  return `${release.state === "live" ? text : coloured("red", text, process.stdout)}${by}`;
}

/** Proposals that were overtaken wait for nobody. */
function isOld(release: ReleaseRecord, version: number): boolean {
  return release.versions.some((v) => isPublished(v) && v.version > version);
}

function summary(release: ReleaseRecord): object {
  const { journey, revision, state, live, rolledBack, migrations, versions } = release;
  return {
    journey,
    revision,
    state,
    shares: sharesAt(release, Date.now()),
    live,
    rolledBack,
    migrations,
    versions,
  };
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
