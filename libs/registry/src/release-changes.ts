/**
 * What may be changed of a release (of a journey, a catalogue, a policy pack), as pure decisions: the record as it stands and what somebody wants, give
 * the next record or the reason why not. Two people release a version (four eyes); one alone may always stop harm
 * (roll back, pause, stop).
 */
import type { GovernanceChange, LiveVersion, Migration, ReleaseRecord, VersionRecord } from "#contracts";
import { INSTALLATION, parsePublishedName } from "#contracts";

export const REFUSALS = [
  "unknown_journey",
  "unknown_definition",
  "unknown_version",
  "invalid_definition",
  "version_taken",
  "version_too_low",
  "four_eyes",
  "gate_failed",
  "not_wider",
  "nothing_before",
  "not_the_newest",
  "wrong_state",
  "bad_mapping",
  "changed_meanwhile",
] as const;
export type RefusalCode = (typeof REFUSALS)[number];

export interface Refused {
  readonly kind: "refused";
  readonly code: RefusalCode;
  readonly detail: string;
  readonly problems?: readonly string[];
}

/** A release record without what comes of its being written. */
export type Release = Omit<ReleaseRecord, "revision" | "head">;

export type Decision<T> =
  | { readonly kind: "changed"; readonly next: T; readonly change: GovernanceChange }
  | { readonly kind: "unchanged"; readonly detail: string }
  | Refused;

/** So many versions stay in line. */
const IN_LINE = 8;

export function emptyRelease(journey: string): Release {
  return {
    journey,
    state: "live",
    live: [],
    rolledBack: [],
    migrations: [],
    governed: false,
    versions: [],
  };
}

export function refused(code: RefusalCode, detail: string, problems?: readonly string[]): Refused {
  return { kind: "refused", code, detail, ...(problems ? { problems } : {}) };
}

export interface ProposeWish {
  readonly version: number;
  readonly digest: string;
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** A proposal may be replaced until it is published; a published version never. */
export function propose(release: Release, wish: ProposeWish): Decision<Release> {
  const { version, digest, by, why, at } = wish;
  const name = `${release.journey} version ${version}`;
  const known = versionOf(release, version);
  const highest = Math.max(0, ...release.versions.filter(isPublished).map((v) => v.version));
  if (known && isPublished(known)) {
    return known.digest === digest
      ? { kind: "unchanged", detail: `${name} is published already, with this content` }
      : refused(
          "version_taken",
          `${name} is published already with another content, and published versions are immutable: give the changed file version ${highest + 1}`,
        );
  }
  if (version < highest)
    return refused(
      "version_too_low",
      `version ${highest} is published: give the file version ${highest + 1}`,
    );
  if (known?.digest === digest && samePerson(known.author, by))
    return { kind: "unchanged", detail: `${name} is proposed already, with this content` };
  const entry: VersionRecord = { version, digest, author: by, proposedAt: at, why };
  const others = release.versions.filter((v) => v.version !== version);
  return {
    kind: "changed",
    next: { ...release, versions: [...others, entry].sort((a, b) => a.version - b.version) },
    change: { kind: "proposed", version, digest },
  };
}

export interface PublishWish {
  readonly version: number;
  readonly by: string;
  readonly at: number;
  /** 1 to 100. */
  readonly percent: number;
  /** Segue's clock, epoch ms; without it at once (a version in line keeps its time). */
  readonly from?: number | undefined;
  /** The gate of simulation is asked before this is written. */
  readonly gated?: boolean;
}

/** Puts a version first in line, or gives the first one a larger share. */
export function publish(release: Release, wish: PublishWish): Decision<Release> {
  const { version, by, at, percent } = wish;
  const entry = versionOf(release, version);
  const [first, ...behind] = release.live;
  const refusal = publishRefusal(release, wish, entry);
  if (refusal) return refusal;
  if (!entry) throw new Error("a version without a record passed the checks");
  if (first?.version === version) {
    if (wish.from !== undefined && wish.from > at && first.from <= at)
      return refused(
        "not_wider",
        `version ${version} is live already: its share can only be widened at once`,
      );
    const live: LiveVersion = { version, percent, from: wish.from ?? first.from };
    if (percent === first.percent && live.from === first.from)
      return {
        kind: "unchanged",
        detail:
          live.from > at
            ? `${release.journey} version ${version} is to be live for ${percent} % from ${new Date(live.from).toISOString()} already: --from with another time moves it`
            : `${release.journey} version ${version} is live for ${percent} % already`,
      };
    if (percent < first.percent)
      return refused(
        "not_wider",
        `version ${version} is live for ${first.percent} %: a share only grows. To take it back: segue rollback ${release.journey}`,
      );
    return {
      kind: "changed",
      next: { ...release, governed: true, live: [live, ...behind] },
      change: { kind: "widened", version, before: first, live },
    };
  }
  const live: LiveVersion = { version, percent, from: wish.from ?? 0 };
  return {
    kind: "changed",
    next: {
      ...release,
      governed: release.governed || by !== INSTALLATION,
      live: inLine([live, ...release.live.filter((l) => l.version !== version)], at),
      rolledBack: release.rolledBack.filter((v) => v !== version),
      versions: release.versions.map((v) =>
        v.version === version ? { ...v, approver: by, publishedAt: v.publishedAt ?? at } : v,
      ),
    },
    change: {
      kind: "published",
      version,
      digest: entry.digest,
      author: entry.author,
      live,
      gate: wish.gated === true ? "kept" : "not-asked",
    },
  };
}

/** What stands behind a version that takes everybody is there to be gone back to; beyond `IN_LINE` it is dropped. */
function inLine(live: LiveVersion[], at: number): LiveVersion[] {
  const base = live.findIndex((l) => l.percent === 100 && l.from <= at);
  return base < 0 ? live : live.slice(0, Math.max(IN_LINE, base + 1));
}

/** Why this person may not publish this version now; `undefined` when they may (checks and gate aside). */
export function publishRefusal(
  release: Release,
  { version, by }: Pick<PublishWish, "version" | "by">,
  entry = versionOf(release, version),
): Refused | undefined {
  if (!entry)
    return refused(
      "unknown_version",
      `nobody has proposed ${release.journey} version ${version}: segue propose <file> comes first`,
    );
  if (by !== INSTALLATION && samePerson(entry.author, by))
    return refused(
      "four_eyes",
      `${entry.author} wrote version ${version} of ${release.journey}: somebody else must approve it`,
    );
  if (release.state === "stopped")
    return refused(
      "wrong_state",
      `${release.journey} is stopped: segue resume ${release.journey} comes first`,
    );
  return undefined;
}

/** The version before is first in line again. Also takes back one whose time has not come. */
export function rollback(
  release: Release,
  wish: { readonly version?: number | undefined },
): Decision<Release> {
  const [first, ...behind] = release.live;
  const [before] = behind;
  if (!first || !before)
    return refused(
      "nothing_before",
      `${release.journey} has ${first ? `only version ${first.version}` : "no version"} in line: there is none to go back to. ${parsePublishedName(release.journey) ? "" : "segue pause or segue stop ends it; "}segue publish brings another version`,
    );
  if (wish.version !== undefined && wish.version !== first.version)
    return refused(
      "not_the_newest",
      `the first in line is version ${first.version}, not ${wish.version}: look again with segue ${parsePublishedName(release.journey) ? "definitions" : "journeys"} ${release.journey}`,
    );
  return {
    kind: "changed",
    next: {
      ...release,
      governed: true,
      live: behind,
      rolledBack: [...release.rolledBack.filter((v) => v !== first.version), first.version],
      // It would bring instances back into what was just taken away.
      migrations: release.migrations.filter((m) => m.to !== first.version),
    },
    change: { kind: "rolled-back", version: first.version, to: before.version },
  };
}

const STATES = {
  paused: { from: ["live"], already: "paused already" },
  resumed: { from: ["paused", "stopped"], already: "live already" },
  stopped: { from: ["live", "paused"], already: "stopped already" },
} as const;

/** Pauses, resumes or stops the journey as a whole. */
export function changeState(release: Release, kind: keyof typeof STATES): Decision<Release> {
  const state = kind === "resumed" ? "live" : kind;
  if (release.state === state)
    return { kind: "unchanged", detail: `${release.journey} is ${STATES[kind].already}` };
  if (!(STATES[kind].from as readonly string[]).includes(release.state))
    return refused(
      "wrong_state",
      `${release.journey} is ${release.state}: only a live journey can be ${kind}`,
    );
  return { kind: "changed", next: { ...release, governed: true, state }, change: { kind } };
}

/** Notes a mapping that was checked; running instances follow it with their next event or timer. */
export function migrate(release: Release, migration: Migration): Decision<Release> {
  for (const version of [migration.from, migration.to]) {
    const entry = versionOf(release, version);
    if (!entry || !isPublished(entry))
      return refused("unknown_version", `${release.journey} version ${version} is not published`);
  }
  if (release.rolledBack.includes(migration.to))
    return refused(
      "wrong_state",
      `version ${migration.to} was rolled back: no instance may be moved into it`,
    );
  const same = release.migrations.find((m) => m.from === migration.from && m.to === migration.to);
  if (same && JSON.stringify(same.steps) === JSON.stringify(migration.steps))
    return { kind: "unchanged", detail: "this mapping is in force already" };
  // One way at a time: with an older one that leads on from the target, instances could go round in circles.
  const others = release.migrations.filter((m) => m.from !== migration.from && m.from !== migration.to);
  return {
    kind: "changed",
    next: { ...release, governed: true, migrations: [...others, migration] },
    change: { kind: "migrated", migration },
  };
}

export function versionOf(release: Release, version: number): VersionRecord | undefined {
  return release.versions.find((v) => v.version === version);
}

export function isPublished(version: VersionRecord): boolean {
  return version.publishedAt !== undefined;
}

/** Share of the customers that each version takes at a time, in percent; a share is of the same customers in all. */
export function sharesAt(
  release: Pick<ReleaseRecord, "live">,
  now: number,
): readonly { readonly version: number; readonly percent: number }[] {
  let taken = 0;
  return release.live.flatMap(({ version, percent, from }) => {
    if (from > now || percent <= taken) return [];
    const share = percent - taken;
    taken = percent;
    return [{ version, percent: share }];
  });
}

function samePerson(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}
