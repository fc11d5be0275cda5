/** What the kill switch stops. */
import type { Channel, Controls } from "#contracts";

/** The switch that stops a send of this journey on this channel, as a rule's path; `undefined` when none does. */
export function stoppedBy(
  controls: Controls,
  journey: string | undefined,
  channel: Channel,
): string | undefined {
  if (controls.all) return "control/all";
  if (controls.channels.includes(channel)) return `control/channel/${channel}`;
  if (journey !== undefined && controls.journeys.includes(journey)) return `control/journey/${journey}`;
  return undefined;
}
