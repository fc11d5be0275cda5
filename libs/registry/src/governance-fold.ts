/**
 * What recorded changes made of a release and of the kill switch: for whoever computes the past from the chains. The
 * decisions themselves stand in `release-changes.ts`; a property test holds the two together.
 */
import type { Controls, GovernanceChange, JourneyRelease } from "#contracts";
import { switched } from "./control-changes.js";

/** The release of a journey of which nothing is recorded. */
export function unreleased(journey: string): JourneyRelease {
  return { journey, revision: 1, state: "live", live: [], rolledBack: [], migrations: [] };
}

/** The release after a change. */
export function foldRelease(release: JourneyRelease, change: GovernanceChange): JourneyRelease {
  const without = (version: number): JourneyRelease["live"] =>
    release.live.filter((l) => l.version !== version);
  switch (change.kind) {
    case "published":
    case "widened":
      return {
        ...release,
        live: [change.live, ...without(change.version)],
        rolledBack: release.rolledBack.filter((v) => v !== change.version),
      };
    case "rolled-back":
      return {
        ...release,
        live: without(change.version),
        rolledBack: [...release.rolledBack.filter((v) => v !== change.version), change.version],
        migrations: release.migrations.filter((m) => m.to !== change.version),
      };
    case "paused":
    case "stopped":
      return { ...release, state: change.kind };
    case "resumed":
      return { ...release, state: "live" };
    case "migrated": {
      const { from, to } = change.migration;
      const others = release.migrations.filter((m) => m.from !== from && m.from !== to);
      return { ...release, migrations: [...others, change.migration] };
    }
    case "proposed":
    case "sends-stopped":
    case "sends-released":
      return release;
  }
}

/** The kill switch after a change. */
export function foldControls(controls: Controls, change: GovernanceChange): Controls {
  if (change.kind !== "sends-stopped" && change.kind !== "sends-released") return controls;
  return { ...controls, ...switched(controls, change.target, change.kind === "sends-stopped") };
}
