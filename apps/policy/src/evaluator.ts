/**
 * Evaluates ranked options: judges consent, holds and quiet hours in the domain, then counts and reserves in one Redis
 * script, and answers. What is ordered in the end stands in the actor's own audit, the ledger of contacts.
 *
 * I5 No command leaves without a reservation: what is answered as chosen is reserved.
 * I6 In no rolling window does a customer get more contacts than the cap. A reservation that Redis loses before its
 *    command is committed is missing in the index and may let one more be reserved; the gate counts again.
 * Fails closed: without Redis or the streams every option is denied as `policy_unavailable`.
 */
import type {
  Controls,
  EvaluateReply,
  EvaluateRequest,
  PolicyPackDefinition,
  Profile,
  Purpose,
} from "#contracts";
import { PURPOSES, versionName } from "#contracts";
import { definitionDigest } from "#definitions";
import { journeyCap, judge, packCaps, packsFor, stoppedBy, zonesOf, type Cap, type Judgement } from "#domain";
import type { IndexRebuild } from "./index-rebuild.js";
import type { NewCustomers } from "./new-customers.js";
import type { PolicyIndex } from "./policy-index.store.js";
import type { ProfileCache } from "./profile-cache.js";
import { IndexUnavailable } from "./redis-connection.js";
import {
  purposeCaps,
  type Counted,
  type PurposeCaps,
  type Reserved,
  type ReserveRequest,
} from "./reserve-call.js";
import { LONGEST_PERIOD_MS } from "./scripts.js";
import { LedgerUnavailable } from "./stored-events.reader.js";
import { Verdicts, verdictsOf, type Judged } from "./verdicts.js";

/** The request asks for what the index cannot count; the same request would fail again. */
export class UncountableCap extends Error {
  override readonly name = "UncountableCap";
}

export interface EvaluatorPorts {
  readonly packs: readonly PolicyPackDefinition[];
  readonly index: PolicyIndex;
  readonly rebuild: IndexRebuild;
  readonly newCustomers: Pick<NewCustomers, "admit" | "learn">;
  readonly profiles: ProfileCache;
  /** The kill switch as last heard. */
  readonly controls: () => Controls;
  readonly log: { warn(fields: object, message: string): void };
}

/** Each round either answers, or learns something newer; more rounds than this mean that Redis is in turmoil. */
const MAX_ROUNDS = 10;

const NOTHING: Counted = { full: new Map(), written: undefined, reserved: undefined };

export class Evaluator {
  readonly #ports: EvaluatorPorts;
  readonly #names: ReadonlyMap<PolicyPackDefinition, string>;
  readonly #caps = new WeakMap<readonly PolicyPackDefinition[], Map<Purpose, PurposeCaps>>();
  /** The longest period of any cap of the packs, ms. */
  readonly #longest: number;

  constructor(ports: EvaluatorPorts) {
    this.#ports = ports;
    this.#names = new Map(
      ports.packs.map((p) => [p, `${p.id}@${versionName(p.version, definitionDigest(p))}`]),
    );
    const all = PURPOSES.flatMap((p) => packCaps(ports.packs, p));
    for (const cap of all) refuseUncountable(cap);
    this.#longest = Math.max(0, ...all.map((c) => c.periodMs));
  }

  /** The caps that the packs put on a purpose, where the customer is. */
  readonly capsOf = (purpose: Purpose, copies: readonly Profile[]): PurposeCaps => {
    const packs = packsFor(this.#ports.packs, purpose, copies);
    let byPurpose = this.#caps.get(packs);
    if (!byPurpose) this.#caps.set(packs, (byPurpose = new Map()));
    let caps = byPurpose.get(purpose);
    if (!caps) byPurpose.set(purpose, (caps = purposeCaps(packCaps(packs, purpose))));
    return caps;
  };

  /** The packs that judge this customer. Those that apply to service do so to marketing too. */
  #versions(copies: readonly Profile[]): string[] {
    return packsFor(this.#ports.packs, "marketing", copies).map((p) => this.#names.get(p)!);
  }

  /** Never throws for what may pass: that is denied. Throws UncountableCap. */
  async evaluate(request: EvaluateRequest, withinMs: number): Promise<EvaluateReply> {
    const cap = request.cap && journeyCap(request.cap);
    if (cap) refuseUncountable(cap);
    try {
      return await this.#evaluate(request, cap, withinMs);
    } catch (error) {
      if (!(error instanceof IndexUnavailable || error instanceof LedgerUnavailable)) throw error;
      this.#ports.log.warn({ error: error.message }, "evaluate fails closed: everything is denied");
      const verdicts = new Verdicts();
      for (const { action, channels } of request.options)
        for (const channel of channels)
          verdicts.add(action, { channel, verdict: "denied", reason: "policy_unavailable" });
      return { verdicts: verdicts.all, packs: this.#versions([request.profile]) };
    }
  }

  /**
   * Replies to the first requests of a run of one customer's decisions, ending at the latest with the first that reserves or
   * defers something: those behind it presumed that it would not. Throws as `evaluate` does, for the first request.
   */
  async evaluateRun(requests: readonly EvaluateRequest[], withinMs: number): Promise<EvaluateReply[]> {
    const first = await this.evaluate(requests[0]!, withinMs);
    const replies = [first];
    if (requests.length === 1 || !refusesAll(first)) return replies;
    // The index is known now, and so is the newest profile: the others take one trip together. Each script stops when an
    // earlier one of the run has reserved.
    const asked: {
      request: EvaluateRequest;
      copies: readonly Profile[];
      judged: readonly Judged[];
      answer: Promise<Reserved>;
    }[] = [];
    for (const request of requests.slice(1)) {
      const copies = this.#newestCopies(request);
      const judged = this.#judge(request, copies);
      asked.push({ request, copies, judged, answer: this.#reserveNext(request, copies, judged, requests) });
      if (judged.some((j) => j.verdicts.some((v) => v.verdict === "deferred"))) break;
    }
    const answers = await Promise.allSettled(asked.map((a) => a.answer));
    for (const [i, { request, copies, judged }] of asked.entries()) {
      const answer = answers[i]!;
      // What the index says otherwise (it was lost, the profile is newer) is looked into when that is asked by itself.
      if (answer.status === "rejected" || answer.value.kind !== "counted") break;
      const reply = this.#reply(request, copies, judged, answer.value);
      replies.push(reply);
      if (!refusesAll(reply)) break;
    }
    return replies;
  }

  #newestCopies({ customerId, profile }: EvaluateRequest): readonly Profile[] {
    const known = this.#ports.profiles.get(customerId)?.profile;
    return known && known.seq > profile.seq ? [profile, known] : [profile];
  }

  async #reserveNext(
    request: EvaluateRequest,
    copies: readonly Profile[],
    judged: readonly Judged[],
    run: readonly EvaluateRequest[],
  ): Promise<Reserved> {
    const candidates = openOnes(judged);
    if (candidates.length === 0) return { kind: "counted", ...NOTHING };
    const cap = request.cap && journeyCap(request.cap);
    if (cap) refuseUncountable(cap);
    return this.#ports.index.reserve({
      ...this.#reservation(request, copies, candidates, cap),
      after: run.slice(0, run.indexOf(request)).map((r) => r.decisionId),
      sendProfile: false,
      judgedSeq: Math.max(...copies.map((p) => p.seq)),
    });
  }

  #reservation(
    request: EvaluateRequest,
    copies: readonly Profile[],
    candidates: readonly Judged[],
    cap: Cap | undefined,
  ): Pick<
    ReserveRequest,
    | "decisionId"
    | "preview"
    | "customerId"
    | "at"
    | "candidates"
    | "caps"
    | "journey"
    | "journeyCap"
    | "about"
    | "zones"
    | "lookBackMs"
    | "profile"
  > {
    return {
      decisionId: request.decisionId,
      preview: request.preview,
      customerId: request.customerId,
      at: request.at,
      candidates: candidates.map(({ option: { action, purpose, urgent }, open }) => ({
        action,
        purpose,
        urgent,
        channels: open,
      })),
      caps: (purpose) => this.capsOf(purpose, copies),
      journey: request.journey,
      journeyCap: cap,
      about: request.about,
      zones: zonesOf(copies),
      lookBackMs: Math.max(this.#longest, cap?.periodMs ?? 0),
      profile: request.profile,
    };
  }

  async #evaluate(request: EvaluateRequest, cap: Cap | undefined, withinMs: number): Promise<EvaluateReply> {
    const { index, rebuild, newCustomers, profiles } = this.#ports;
    const { customerId, profile } = request;
    const until = performance.now() + withinMs;
    let copies = this.#newestCopies(request);
    let sendProfile = (profiles.get(customerId)?.profile.seq ?? -1) < profile.seq;
    for (let round = 0; round < MAX_ROUNDS && performance.now() <= until; round++) {
      const judged = this.#judge(request, copies);
      const candidates = openOnes(judged);
      if (candidates.length === 0) return this.#reply(request, copies, judged, NOTHING);
      const answer = await index.reserve({
        ...this.#reservation(request, copies, candidates, cap),
        sendProfile,
        newCustomer: newCustomers.admit(request),
        judgedSeq: Math.max(...copies.map((p) => p.seq)),
      });
      switch (answer.kind) {
        case "counted":
          if (answer.written) profiles.put(customerId, { version: answer.written, profile });
          return this.#reply(request, copies, judged, answer);
        case "newer-profile":
          profiles.put(customerId, answer);
          copies = [profile, answer.profile];
          break;
        case "stopped":
          throw new Error("a request that follows none was stopped");
        case "send-profile":
          sendProfile = true;
          break;
        case "forgotten":
          await rebuild.contacts(customerId, request.at);
          break;
        case "unknown":
          void newCustomers.learn(answer.generation ?? "");
          await rebuild.customer(customerId, request.at);
      }
    }
    throw new IndexUnavailable("the index kept changing until the request's time was up");
  }

  /** What is judged does not depend on the action: the same purpose, urgency and channel have the same verdict. */
  #judge(request: EvaluateRequest, copies: readonly Profile[]): readonly Judged[] {
    const { packs } = this.#ports;
    const { at, journey, customerId, engagement, about } = request;
    const controls = this.#ports.controls();
    const found = new Map<string, Judgement>();
    return request.options.map((option) => {
      const { purpose, urgent } = option;
      const verdicts = option.channels.map((channel) => {
        const key = `${purpose} ${urgent} ${channel}`;
        const known = found.get(key);
        if (known) return known;
        const stop = stoppedBy(controls, journey, channel);
        const verdict: Judgement =
          stop === undefined
            ? judge({ packs, copies, option, channel, at, customerId, engagement, about })
            : { channel, verdict: "denied", reason: "stopped", rule: stop };
        found.set(key, verdict);
        return verdict;
      });
      return {
        option,
        verdicts,
        open: verdicts.filter((v) => v.verdict === "permitted").map((v) => v.channel),
      };
    });
  }

  #reply(
    request: EvaluateRequest,
    copies: readonly Profile[],
    judged: readonly Judged[],
    { reserved: chosen, full }: Counted,
  ): EvaluateReply {
    const verdicts = verdictsOf(judged, chosen, full);
    const packs = this.#versions(copies);
    return chosen
      ? {
          ...(request.preview ? {} : { reservationId: request.decisionId }),
          chosen: { action: chosen.action, channels: [...chosen.channels] },
          verdicts,
          packs,
        }
      : { verdicts, packs };
  }
}

const openOnes = (judged: readonly Judged[]): readonly Judged[] => judged.filter((j) => j.open.length > 0);

/** Nothing is reserved, and nothing is to be asked again later: the decision will be `none`. */
function refusesAll({ chosen, verdicts }: EvaluateReply): boolean {
  return !chosen && verdicts.every((v) => v.verdict === "denied" && v.reason !== "policy_unavailable");
}

/** Contacts are read again when they were forgotten, but not from further back than this. */
function refuseUncountable(cap: Cap): void {
  if (cap.periodMs <= LONGEST_PERIOD_MS) return;
  const days = LONGEST_PERIOD_MS / 86_400_000;
  throw new UncountableCap(
    `${cap.rule}: a period of ${cap.periodMs} ms is longer than the ${days} days that caps may look back`,
  );
}
