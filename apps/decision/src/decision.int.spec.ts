import { jetstreamManager } from "@nats-io/jetstream";
import {
  decisionRecordV1,
  decisionReplyV1,
  evaluateRequestV1,
  rpc,
  subjects,
  type DecisionRecord,
  type DecisionReply,
  type DecisionRequest,
  type EvaluateReply,
  type EvaluateRequest,
  type Verdict,
} from "#contracts";
import { createExpressions, loadCatalogue } from "#definitions";
import { replayDecision } from "#domain";
import { RpcClient, RpcFailed, RpcUnavailable } from "#messaging";
import type { Service } from "#service";
import { createLogger } from "#telemetry";
import { respond, startServers, type TestServers } from "#testing";
import { startDecision } from "./start-decision.js";

const request = (n: number, given: Partial<DecisionRequest> = {}): DecisionRequest => ({
  decisionId: `c1.${n}.0`,
  customerId: "c1",
  at: 1_000_000,
  moment: {
    id: `e${n}`,
    source: "core",
    type: "transfer.sent",
    time: 1_000_000,
    data: { amountMinor: 6_000_000, balanceBeforeMinor: 8_000_000, currency: "CZK" },
  },
  context: { now: 1_000_000, attributes: { balanceMinor: 2_000_000 }, signals: {}, contacts: [] },
  profile: { seq: 1, timezone: "Europe/Prague", consents: { "marketing.*": true }, holds: [] },
  journey: { id: "balance-leaving", version: 1, instance: "balance-leaving-1", step: "offer" },
  candidates: ["savings-account", "term-deposit"],
  ...given,
});

/** Speaks the policy's contract: denies the actions that it is told to, permits the rest. */
function answer(question: EvaluateRequest, deny: ReadonlySet<string>): EvaluateReply {
  const verdicts: Verdict[] = [];
  for (const { action, channels } of question.options) {
    const open = !deny.has(action);
    for (const channel of channels) {
      verdicts.push(
        open
          ? { action, channel, verdict: "permitted", reason: "permitted" }
          : { action, channel, verdict: "denied", reason: "cap_reached" },
      );
    }
    if (open)
      return {
        reservationId: question.decisionId,
        chosen: { action, channels },
        verdicts,
        packs: ["default@4"],
      };
  }
  return { verdicts, packs: ["default@4"] };
}

describe("the decision service on real NATS", () => {
  let servers: TestServers;
  let service: Service;
  let client: RpcClient;
  let stopPolicy: (() => void) | undefined;
  let asked: EvaluateRequest[] = [];
  const deny = new Set<string>();

  function startPolicy(reply: (question: EvaluateRequest) => EvaluateReply = (q) => answer(q, deny)): void {
    stopPolicy = respond(servers.nc, rpc.evaluate, (data) => {
      const question = evaluateRequestV1.parse(data);
      asked.push(question);
      return reply(question);
    });
  }

  async function decide(r: DecisionRequest, timeoutMs = 2_000): Promise<DecisionReply> {
    return decisionReplyV1.parse(await client.call(rpc.decide, r, { timeoutMs }));
  }

  async function records(customerId: string): Promise<DecisionRecord[]> {
    const jsm = await jetstreamManager(servers.nc);
    const info = await jsm.streams.info("AUDIT", { subjects_filter: subjects.audit(customerId, "decision") });
    const found: DecisionRecord[] = [];
    for (let seq = 1; seq <= info.state.last_seq; seq++) {
      const m = await jsm.streams.getMessage("AUDIT", { seq });
      if (m?.subject === subjects.audit(customerId, "decision")) found.push(decisionRecordV1.parse(m.json()));
    }
    return found;
  }

  beforeAll(async () => {
    servers = await startServers();
    service = await startDecision(
      { natsUrl: servers.nats.url, definitionsDir: process.cwd() },
      createLogger({ service: "decision", level: "silent" }),
    );
    client = new RpcClient(servers.nc);
  }, 30_000);
  afterAll(async () => {
    await service.stop();
    await servers.stop();
  });
  beforeEach(() => {
    asked = [];
    deny.clear();
  });
  afterEach(() => stopPolicy?.());

  it("ranks, asks policy once, and answers with a plan that is on record", async () => {
    startPolicy();
    deny.add("term-deposit");
    const reply = await decide(request(1));
    expect(service.ready()).toBe(true);
    expect(asked.map((q) => q.options.map((o) => o.action))).toEqual([["term-deposit", "savings-account"]]);
    expect(reply).toMatchObject({
      kind: "act",
      action: "savings-account",
      reservationId: "c1.1.0",
      reason: "best_permitted",
    });
    if (reply.kind !== "act") throw new Error("no act");
    expect(reply.plan.map((leg) => leg.channel)).toEqual(["push", "email", "sms"]);
    expect(reply.plan[0]?.body).toContain("CZK 60,000.00");
    const [record] = await records("c1");
    expect(record?.reply).toEqual(reply);
    expect(record?.versions).toMatchObject({ "policy/default": "4", "catalogue/offers": "1" });
  });

  it("leaves a record that replays to the same bytes, and only one when asked again (I9)", async () => {
    startPolicy();
    const r = request(2, { customerId: "c2" });
    const first = await decide(r);
    expect(await decide(r)).toEqual(first);
    const found = await records("c2");
    expect(found).toHaveLength(1);
    const replayed = replayDecision(found[0]!, loadCatalogue(process.cwd()), createExpressions());
    expect(JSON.stringify(replayed)).toBe(JSON.stringify(found[0]));
  });

  it("puts a second answer on record beside the first, when policy could say nothing yet at the first", async () => {
    startPolicy();
    const r = request(9, { customerId: "c9", candidates: ["savings-account"] });
    deny.add("savings-account");
    expect(await decide(r)).toMatchObject({ kind: "none" });
    deny.clear();
    const second = await decide(r);
    expect(second).toMatchObject({ kind: "act" });
    expect((await records("c9")).map((record) => record.reply.kind)).toEqual(["none", "act"]);
  });

  it("answers none without asking policy when no candidate is left", async () => {
    startPolicy();
    const context = { ...request(3).context, attributes: { balanceMinor: -1 } };
    expect(
      await decide(request(3, { customerId: "c3", context, candidates: ["savings-account", "gone"] })),
    ).toEqual({
      kind: "none",
      decisionId: "c1.3.0",
      reason: "not_eligible",
    });
    expect(asked).toEqual([]);
    const [record] = await records("c3");
    expect(record?.explanations.map((e) => [e.action, e.reason.split(":")[0]])).toEqual([
      ["savings-account", "not_eligible"],
      ["gone", "not_in_catalogue"],
    ]);
  });

  it("is unavailable, not negative, while policy is away; then decides", async () => {
    const r = request(4, { customerId: "c4" });
    await expect(decide(r)).rejects.toBeInstanceOf(RpcUnavailable);
    expect(await records("c4")).toEqual([]);
    startPolicy();
    expect(await decide(r)).toMatchObject({ kind: "act" });
  });

  it("gives up on a silent policy before the caller's deadline", async () => {
    stopPolicy = respond(servers.nc, rpc.evaluate, () => new Promise(() => undefined));
    // The caller's own time-out would read otherwise.
    await expect(decide(request(5), 800)).rejects.toThrow(/"unavailable":true/);
  });

  it("fails for good when policy breaks its contract", async () => {
    startPolicy((q) => ({ ...answer(q, deny), chosen: { action: "bribe", channels: ["push"] } }));
    await expect(decide(request(6))).rejects.toBeInstanceOf(RpcFailed);
  });

  it("refuses a request that is none, without repeating its values", async () => {
    const call = client.call(rpc.decide, { ...request(7), at: "secret" }, { timeoutMs: 1_000 });
    await expect(call).rejects.toBeInstanceOf(RpcFailed);
    await expect(call).rejects.toThrow(/at: Invalid input/);
    await expect(call).rejects.not.toThrow(/secret/);
  });

  it("shares the requests between instances, and finishes those under way when it stops", async () => {
    const second = await startDecision(
      { natsUrl: servers.nats.url, definitionsDir: process.cwd() },
      createLogger({ service: "decision", level: "silent" }),
    );
    startPolicy();
    const calls = Array.from({ length: 40 }, (_, i) => decide(request(100 + i, { customerId: "c8" })));
    const stopped = second.stop();
    const later = Array.from({ length: 40 }, (_, i) => decide(request(200 + i, { customerId: "c8" })));
    const replies = await Promise.all([...calls, ...later]);
    await stopped;
    expect(replies.every((r) => r.kind === "act")).toBe(true);
    expect(asked).toHaveLength(80);
  });
});
