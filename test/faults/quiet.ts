/** Waits until nothing is left to do, by conditions; bounded. */
import { CHANNELS, channelConsumers, isTerminal } from "#contracts";
import { collect, readContexts } from "./ledgers.js";
import type { Published } from "./load.js";
import type { Rig } from "./rig.js";

const LOOK_EVERY_MS = 250;
/** What takes long is said. */
const SAY_EVERY_MS = 8_000;

/** Answers what is still open when the time is up; empty when all is quiet. */
export async function quiet(
  rig: Rig,
  published: readonly Published[],
  withinMs: number,
  log: (text: string) => void,
): Promise<readonly string[]> {
  const until = Date.now() + withinMs;
  let sayAt = Date.now() + SAY_EVERY_MS;
  let before = -1;
  let open: readonly string[] = ["nothing could be read"];
  while (Date.now() < until) {
    try {
      open = await openWork(rig);
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
    if (Date.now() > sayAt) {
      sayAt += SAY_EVERY_MS;
      log(
        `still open: ${open.slice(0, 3).join("; ") || "new events"}${open.length > 3 ? `; ${open.length - 3} more` : ""}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return open;
}

/** Consumers that are behind, and journeys that wait. */
async function openWork(rig: Rig): Promise<string[]> {
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
      // Put off until it may speak (a cap, quiet hours, policy that failed closed): decided again by a timer, later than a row waits.
      if (j.wait?.kind === "deferred") continue;
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
