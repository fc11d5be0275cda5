/**
 * The last word before a send. Judges the index's profile as it is now, then claims the attempt in one script.
 *
 * I5 No send without the gate: `go` is answered once per attempt, to one delivery (which may ask again).
 * I6 In no rolling window does a customer get more contacts than the cap. A contact is counted here, at the time and
 *    channel of its send, over what the index holds; and the index holds every contact that was ever let go:
 *    - A command leaves only after its commit, so that whatever was let go stands in the snapshot's outbox or in AUDIT,
 *      and a rebuild that began later reads it (the snapshot first: what has left its outbox since is in AUDIT).
 *    - Redis lost the reservation before the commit, and somebody has rebuilt the index since, without it: it is missing
 *      here. The ledger is read again, which has it now, and it is counted with the rest.
 *    - Two that were each reserved without the other (the first lost before its commit) meet here: whichever asks
 *      first is counted against the other, and stopped and released where there is no room for both. It is released
 *      only where no claim of it can be lost: an asking that its caller gave up may come after a later one was let go
 *      and Redis was emptied; what it would release has been sent.
 *    - A zombie's reservation is never committed, so that no gate is asked for it; it only takes room.
 *      Where it has the id of a committed one with other content, the ledger's content replaces it.
 * I7 After an acknowledged opt-out, hold or kill switch, no send starts later than 1 s.
 *
 * The index of a customer that had to be rebuilt has no claims from before: a redelivered command that was
 * published earlier may have been sent, so it is answered `claimed`. Quiet hours that have begun since it was
 * reserved (a fallback after hours, a backlog) stop everything but what was reserved as urgent.
 */
import type { Controls, GateReply, GateRequest, PolicyPackDefinition, Profile } from "#contracts";
import { judge, stoppedBy, zonesOf } from "#domain";
import { sleep } from "#messaging";
import type { Evaluator } from "./evaluator.js";
import type { IndexRebuild } from "./index-rebuild.js";
import type { GateVerdicts, PolicyIndex } from "./policy-index.store.js";
import type { ProfileCache } from "./profile-cache.js";

/** There is no answer now; the caller asks again later. */
export class GateUnavailable extends Error {
  override readonly name = "GateUnavailable";
}

export interface GatekeeperPorts {
  readonly packs: readonly PolicyPackDefinition[];
  readonly index: PolicyIndex;
  readonly rebuild: IndexRebuild;
  readonly profiles: ProfileCache;
  readonly caps: Pick<Evaluator, "capsOf">;
  /** The kill switch as last heard. */
  readonly controls: () => Controls;
  /** True while no acknowledged opt-out older than a second can be missing in the index, nor a stop in `controls`. */
  readonly fresh: () => boolean;
}

const MAX_ROUNDS = 10;
const FRESH_PATIENCE_MS = 600;
const FRESH_POLL_MS = 20;
/** Never used: the index has no profile of the version asked for, and answers with its own. */
const UNJUDGED: GateVerdicts = { urgent: "policy_unavailable", other: "policy_unavailable" };
/** Judged by the script like any verdict, so that what an earlier delivery may have sent is still `claimed`. */
const STOPPED: GateVerdicts = { urgent: "stopped", other: "stopped" };

export class Gatekeeper {
  readonly #ports: GatekeeperPorts;

  constructor(ports: GatekeeperPorts) {
    this.#ports = ports;
  }

  /**
   * Throws GateUnavailable, IndexUnavailable or LedgerUnavailable: nothing is claimed then that a retry would not get.
   * `withinMs`: after that the caller has given up, and may be asking again.
   */
  async gate(request: GateRequest, withinMs = Infinity): Promise<GateReply> {
    const { index, rebuild, caps, profiles, fresh } = this.#ports;
    const { customerId, at } = request;
    const until = performance.now() + withinMs;
    let readAgain = false;
    let countedAt = at;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (!fresh()) await this.#hearsEvents();
      if (performance.now() > until) throw new GateUnavailable("the caller's time was up; ask again");
      const known = profiles.get(customerId);
      const verdicts = known ? this.#judge(request, known.profile) : UNJUDGED;
      // Without a profile the index answers with its own before it counts.
      const copies = known ? [known.profile] : [];
      const result = await index.gate(
        request,
        known?.version ?? "",
        verdicts,
        caps.capsOf(request.purpose, copies).textAt({ at: countedAt, zones: zonesOf(copies) }),
      );
      switch (result.kind) {
        case "answer":
          // Redis took its time: what was stopped meanwhile is judged again.
          if (result.reply.answer === "go" && (!fresh() || this.#stopped(request))) break;
          return result.reply;
        case "newer-profile":
          profiles.put(customerId, result);
          break;
        case "missing":
          if (readAgain) return { answer: "stop", reason: "reservation_missing" };
          readAgain = true;
          await rebuild.contacts(customerId, at);
          break;
        case "forgotten":
          await rebuild.contacts(customerId, at);
          break;
        case "later":
          countedAt = result.at;
          break;
        case "unknown":
          await rebuild.customer(customerId, at);
      }
    }
    throw new GateUnavailable(`the index changed ${MAX_ROUNDS} times while one send was judged; ask again`);
  }

  /** Urgency opens quiet hours and nothing else. */
  #judge(request: GateRequest, profile: Profile): GateVerdicts {
    if (this.#stopped(request)) return STOPPED;
    const { purpose, channel, at } = request;
    const { packs } = this.#ports;
    const reasonFor = (urgent: boolean) =>
      judge({ packs, copies: [profile], option: { purpose, urgent }, channel, at }).reason;
    const other = reasonFor(false);
    return { other, urgent: other === "permitted" ? other : reasonFor(true) };
  }

  #stopped({ journey, channel }: GateRequest): boolean {
    return stoppedBy(this.#ports.controls(), journey, channel) !== undefined;
  }

  /** A pause of this process looks like a silent stream at first: its heartbeats are read in a moment. */
  async #hearsEvents(): Promise<void> {
    const until = performance.now() + FRESH_PATIENCE_MS;
    while (!this.#ports.fresh()) {
      if (performance.now() > until)
        throw new GateUnavailable(
          "the gate does not hear from the event stream or the kill switch; ask again",
        );
      await sleep(FRESH_POLL_MS);
    }
  }
}
