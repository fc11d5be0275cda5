/** Releases in words. */
import { INSTALLATION, type GovernanceChange, type ReleaseRecord } from "#contracts";
import { sharesAt, targetText } from "#registry";

/** `version 2 for 10 %, version 1 for 90 %`; what is still to come after it. */
export function liveText({ state, live }: Pick<ReleaseRecord, "state" | "live">, now: number): string {
  const shares = sharesAt({ live }, now).map((s) => `version ${s.version} for ${s.percent} %`);
  const later = live
    .filter((l) => l.from > now)
    .map((l) => `version ${l.version} for ${l.percent} % from ${new Date(l.from).toISOString()}`);
  const text = [shares.join(", ") || "no version yet", ...later].join("; ");
  return state === "live" ? text : `${state} (${text})`;
}

/** What a record of the chain says was done. */
export function changeText(change: GovernanceChange): string {
  switch (change.kind) {
    case "proposed":
      return `proposed version ${change.version}`;
    case "published":
      return `published version ${change.version} of ${change.author} for ${change.live.percent} %${change.live.from > 0 ? ` from ${new Date(change.live.from).toISOString()}` : ""}${change.gate === "kept" || change.author === INSTALLATION ? "" : ", without the gate"}`;
    case "widened":
      if (change.before.percent === change.live.percent)
        return `moved version ${change.version} to ${new Date(change.live.from).toISOString()}`;
      return `widened version ${change.version} from ${change.before.percent} % to ${change.live.percent} %`;
    case "rolled-back":
      return `rolled version ${change.version} back to version ${change.to}`;
    case "migrated":
      return `migrated version ${change.migration.from} to ${change.migration.to}`;
    case "paused":
    case "resumed":
    case "stopped":
      return change.kind;
    case "sends-stopped":
      return `stopped sends of ${targetText(change.target)}`;
    case "sends-released":
      return `released sends of ${targetText(change.target)}`;
  }
}
