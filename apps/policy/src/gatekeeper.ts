/**
 * The last word before a send. Judges the index's profile as it is now, then claims the attempt in one script.
 *
 * I5 No send without the gate: `go` is answered once per attempt, to one delivery (which may ask again).
 * I6 The contact moves to the time and channel of its send, and is counted again there.
 * I7 After an acknowledged opt-out or hold, no send starts later than 1 s.
 *
 * The index of a customer that had to be rebuilt has no claims from before: a redelivered command that was
 * published earlier may have been sent, so it is answered `claimed`. Quiet hours that have begun since it was
 * reserved (a fallback after hours, a backlog) stop everything but what was reserved as urgent.
 */
import type { GateReply, GateRequest, PolicyPackDefinition, ReasonCode } from "#contracts";
import { judge } from "#domain";
import { sleep } from "#messaging";
import type { Evaluator } from "./evaluator.js";
import type { IndexRebuild } from "./index-rebuild.js";
import type { PolicyIndex } from "./policy-index.store.js";

/** There is no answer now; the caller asks again later. */
export class GateUnavailable extends Error {
  override readonly name = "GateUnavailable";
}

export interface GatekeeperPorts {
  readonly packs: readonly PolicyPackDefinition[];
  readonly index: PolicyIndex;
  readonly rebuild: IndexRebuild;
  readonly caps: Pick<Evaluator, "capsOf">;
  /** True while no acknowledged opt-out older than a second can be missing in the index. */
  readonly fresh: () => boolean;
}

const MAX_ROUNDS = 10;
const FRESH_PATIENCE_MS = 600;
const FRESH_POLL_MS = 20;

export class Gatekeeper {
  readonly #ports: GatekeeperPorts;

  constructor(ports: GatekeeperPorts) {
    this.#ports = ports;
  }

  /** Throws GateUnavailable, IndexUnavailable or LedgerUnavailable: nothing is claimed then that a retry would not get. */
  async gate(request: GateRequest): Promise<GateReply> {
    const { packs, index, rebuild, caps } = this.#ports;
    const { customerId, channel, at } = request;
    const option = { action: request.action, purpose: request.purpose };
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await this.#hearsEvents();
      const known = await index.profile(customerId);
      if (known.kind === "known") {
        const reasonFor = (urgent: boolean): ReasonCode =>
          judge({ packs, copies: [known.profile], option: { ...option, urgent }, channel, at }).reason;
        const result = await index.gate(
          request,
          known.profile.seq,
          { urgent: reasonFor(true), other: reasonFor(false) },
          caps.capsOf(request.purpose),
        );
        if (result.kind === "answer") return result.reply;
        if (result.kind === "newer-profile") continue;
      }
      await rebuild.customer(customerId, { at });
    }
    throw new GateUnavailable(`the index changed ${MAX_ROUNDS} times while one send was judged; ask again`);
  }

  /** A pause of this process looks like a silent stream at first: its heartbeats are read in a moment. */
  async #hearsEvents(): Promise<void> {
    const until = performance.now() + FRESH_PATIENCE_MS;
    while (!this.#ports.fresh()) {
      if (performance.now() > until)
        throw new GateUnavailable("the gate does not hear from the event stream; ask again");
      await sleep(FRESH_POLL_MS);
    }
  }
}
