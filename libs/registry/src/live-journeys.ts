import type { JourneyDefinition } from "#contracts";
import type { Published } from "./published.js";

/** The versions that customers may enter, now or from a time on; without a release record the newest one. */
export function liveJourneys({
  definitions,
  releases,
}: Pick<Published, "definitions" | "releases">): readonly JourneyDefinition[] {
  const byJourney = new Map(releases.map((r) => [r.journey, r] as const));
  return definitions.filter((d) => {
    const release = byJourney.get(d.id);
    if (release) return release.state !== "stopped" && release.live.some((l) => l.version === d.version);
    return definitions.every((other) => other.id !== d.id || other.version <= d.version);
  });
}
