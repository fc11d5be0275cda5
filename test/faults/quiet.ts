/** Waits until nothing is left to do, by conditions; bounded. */
import { CHANNELS, channelConsumers, isTerminal } from "#contracts";
import { collect, readContexts } from "./ledgers.js";
import type { Published } from "./load.js";
import type { Rig } from "./rig.js";

const LOOK_EVERY_MS = 250;

export interface QuietOptions {
  readonly withinMs: number;
  /** Journeys that wait until they may speak (a cap, quiet hours, policy without its index) count as quiet. */
  readonly leaveDeferred: boolean;
}

/** Answers what is still open when the time is up; empty when all is quiet. */
export async function quiet(
  rig: Rig,
  published: readonly Published[],
  { withinMs, leaveDeferred = false }: Pick<QuietOptions, "withinMs"> & Partial<QuietOptions>,
): Promise<readonly string[]> {
  const until = Date.now() + withinMs;
  let before = -1;
  let open: readonly string[] = ["nothing could be read"];
  while (Date.now() < until) {
    try {
      open = await openWork(rig, leaveDeferred);
      if (open.length === 0) {
        const { state } = await rig.jsm.streams.info("EVT");
        // Twice in a row without a new event: an outcome that was on its way has arrived.
        if (state.last_seq === before) {
          open = await openCommands(rig, published);
          if (open.length === 0) return [];
        }
        before = state.last_seq;
      } else {
        before = -1;
      }
    } catch (error) {
      before = -1;
      open = [`the streams cannot be read: ${(error as Error).message}`];
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return open;
}

/** Consumers that are behind, and journeys that wait. */
async function openWork(rig: Rig, leaveDeferred: boolean): Promise<string[]> {
  const open: string[] = [];
  const channels = new Set(CHANNELS.flatMap((c) => channelConsumers(c)).map((c) => c.name));
  for (const stream of ["EVT", "CMD"]) {
    for await (const c of rig.jsm.consumers.list(stream)) {
      if (!c.name.startsWith("actor-") && !channels.has(c.name)) continue;
      if (c.num_pending > 0 || c.num_ack_pending > 0)
        open.push(
          `consumer ${c.name}: ${c.num_pending} not delivered, ${c.num_ack_pending} not acknowledged`,
        );
    }
  }
  if (open.length > 0) return open;
  for (const c of (await readContexts(rig)).values()) {
    for (const j of c.journeys) {
      if (leaveDeferred && j.wait?.kind === "deferred") continue;
      open.push(`customer ${c.customerId}: journey ${j.id} stands at ${j.step}`);
    }
  }
  return open;
}

async function openCommands(rig: Rig, published: readonly Published[]): Promise<string[]> {
  const { commands, outcomes } = await collect(rig, published);
  const ended = new Set(outcomes.filter((o) => isTerminal(o.outcome.kind)).map((o) => o.outcome.commandId));
  const ids = new Set(commands.map((c) => c.command.commandId));
  return [...ids].filter((id) => !ended.has(id)).map((id) => `command ${id} has no terminal outcome`);
}
