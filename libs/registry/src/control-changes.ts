/** The kill switch, as pure decisions. */
import type { Controls, StopTarget } from "#contracts";
import type { Decision } from "./release-changes.js";

export type Switches = Pick<Controls, "all" | "channels" | "journeys">;

/** Stops (`stopped: true`) or releases what the target names. */
export function switchSends(now: Switches, target: StopTarget, stopped: boolean): Decision<Switches> {
  if (isStopped(now, target) === stopped)
    return {
      kind: "unchanged",
      detail: `sends of ${targetText(target)} are ${stopped ? "stopped" : "not stopped"} already`,
    };
  return {
    kind: "changed",
    next: switched(now, target, stopped),
    change: { kind: stopped ? "sends-stopped" : "sends-released", target },
  };
}

function isStopped(now: Switches, target: StopTarget): boolean {
  switch (target.kind) {
    case "all":
      return now.all;
    case "channel":
      return now.channels.includes(target.channel);
    case "journey":
      return now.journeys.includes(target.journey);
  }
}

/** The switches with this one on or off. */
export function switched(now: Switches, target: StopTarget, stopped: boolean): Switches {
  switch (target.kind) {
    case "all":
      return { ...now, all: stopped };
    case "channel":
      return { ...now, channels: withOrWithout(now.channels, target.channel, stopped) };
    case "journey":
      return { ...now, journeys: withOrWithout(now.journeys, target.journey, stopped) };
  }
}

function withOrWithout<T extends string>(list: readonly T[], one: T, present: boolean): T[] {
  const others = list.filter((x) => x !== one);
  return present ? [...others, one].sort() : others;
}

/** `everything`, `channel sms`, `journey x`. */
export function targetText(target: StopTarget): string {
  switch (target.kind) {
    case "all":
      return "everything";
    case "channel":
      return `channel ${target.channel}`;
    case "journey":
      return `journey ${target.journey}`;
  }
}
