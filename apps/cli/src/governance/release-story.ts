/** Releases for people: what is live of each, what waits, and everything that was done to one. */
import type { GovernanceRecord, ReleaseRecord } from "#contracts";
import { checkGovernanceChain, isPublished, sharesAt } from "#registry";
import { coloured } from "./governance-command.js";
import { changeText, liveText } from "./words.js";

/** One line each, and one for every version that waits for approval. `now`: Segue's time, epoch ms, here and below. */
export function releasesText(releases: readonly ReleaseRecord[], now: number): string {
  const width = Math.max(0, ...releases.map((r) => r.journey.length));
  const lines = releases.flatMap((release) => {
    const waiting = release.versions.filter((v) => !isPublished(v) && !isOld(release, v.version));
    return [
      `${coloured("bold", release.journey.padEnd(width), process.stdout)}  ${stateText(release, now)}`,
      ...waiting.map(
        (v) =>
          `${" ".repeat(width)}  ${coloured("yellow", `version ${v.version} waits for approval`, process.stdout)} (proposed by ${v.author}: ${v.why})`,
      ),
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** Writes every change of a release, and whether their chain is whole; answers the exit status. `more`: for the JSON document. */
export function tellStory(
  release: ReleaseRecord,
  history: readonly GovernanceRecord[],
  now: number,
  json: boolean,
  more: object = {},
): number {
  const chain = checkGovernanceChain(history, release.head);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ...summary(release, now), release, history, chain, ...more }, null, 2)}\n`,
    );
  else process.stdout.write(storyText(release, history, now, chain));
  return chain.length === 0 ? 0 : 1;
}

function storyText(
  release: ReleaseRecord,
  history: readonly GovernanceRecord[],
  now: number,
  chain: readonly string[],
): string {
  const lines = [
    `${coloured("bold", release.journey, process.stdout)}  ${stateText(release, now)}`,
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

function stateText(release: ReleaseRecord, now: number): string {
  const [first] = release.live;
  const entry = first && release.versions.find((v) => v.version === first.version);
  const by =
    entry?.approver === undefined
      ? ""
      : ` (version ${entry.version}: ${entry.author}, published by ${entry.approver})`;
  const text = liveText(release, now);
  return `${release.state === "live" ? text : coloured("red", text, process.stdout)}${by}`;
}

/** Proposals that were overtaken wait for nobody. */
function isOld(release: ReleaseRecord, version: number): boolean {
  return release.versions.some((v) => isPublished(v) && v.version > version);
}

export function summary(release: ReleaseRecord, now: number): object {
  const { journey, revision, state, live, rolledBack, migrations, versions } = release;
  return {
    journey,
    revision,
    state,
    shares: sharesAt(release, now),
    live,
    rolledBack,
    migrations,
    versions,
  };
}
