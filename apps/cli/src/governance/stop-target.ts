/** What `stop` and `resume` are about: a journey, a channel, or everything. */
import { CHANNELS, type StopTarget } from "#contracts";
import { UsageError, type Call } from "./governance-command.js";

export const TARGET_OPTIONS = {
  all: { type: "boolean" },
  channel: { type: "string" },
  journey: { type: "string" },
} as const;

export function targetOf(call: Pick<Call, "positionals" | "option" | "flag">): StopTarget {
  const named = call.option("journey");
  const journeys = [...call.positionals, ...(named === undefined ? [] : [named])];
  const channel = call.option("channel");
  const targets: StopTarget[] = journeys.map((journey) => ({ kind: "journey", journey }));
  if (call.flag("all")) targets.push({ kind: "all" });
  if (channel !== undefined) {
    const known = CHANNELS.find((c) => c === channel);
    if (!known)
      throw new UsageError(`there is no channel ${JSON.stringify(channel)}: ${CHANNELS.join(", ")}`);
    targets.push({ kind: "channel", channel: known });
  }
  const [target] = targets;
  if (!target || targets.length > 1)
    throw new UsageError("name one journey, or --channel <channel>, or --all");
  return target;
}
