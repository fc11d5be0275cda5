import {
  decisionExplanationV1,
  decisionRunAnswerV1,
  evaluateRunV1,
  rpc,
  type DecisionRecord,
  type DecisionReply,
  type DecisionRequest,
  type EvaluateReply,
  type EvaluateRequest,
  type Verdict,
} from "#contracts";
import { createExpressions, loadDefinitions } from "#definitions";
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
          ? { actions: [action], channel, verdict: "permitted", reason: "permitted" }
          : { actions: [action], channel, verdict: "denied", reason: "cap_reached" },
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
      const { requests } = evaluateRunV1.parse(data);
      const replies: EvaluateReply[] = [];
      for (const question of requests) {
        asked.push(question);
        replies.push(reply(question));
        if (replies.at(-1)?.chosen) break;
      }
      return { replies };
    });
  }

  async function askRun(requests: DecisionRequest[], timeoutMs = 2_000): Promise<DecisionRecord[]> {
    const reply = await client.call(rpc.decide, { requests }, { timeoutMs });
    return decisionRunAnswerV1.parse(reply).answers.map(({ reply: told, explanation }, i) => ({
      request: requests[i]!,
      reply: told,
      ...decisionExplanationV1.parse(JSON.parse(explanation)),
    }));
  }

  const ask = async (r: DecisionRequest, timeoutMs?: number): Promise<DecisionRecord> =>
    (await askRun([r], timeoutMs))[0]!;

  const decide = async (r: DecisionRequest, timeoutMs?: number): Promise<DecisionReply> =>
    (await ask(r, timeoutMs)).reply;

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

  it("ranks, asks policy once, and answers with a plan and its explanation", async () => {
    startPolicy();
    deny.add("term-deposit");
    const { reply, versions, explanations, propensities } = await ask(request(1));
    expect(service.ready()).toBe(true);
    const byScore = [...explanations].sort((a, b) => b.score! - a.score!).map((e) => e.action);
    expect(asked.map((q) => q.options.map((o) => o.action))).toEqual([byScore]);
    // Both have a model, which knows nothing but their priors yet.
    expect(propensities).toMatchObject({
      "term-deposit": { model: "offer-response@1", version: 0 },
      "savings-account": { model: "offer-response@1", version: 0 },
    });
    for (const { action, factors } of explanations)
      expect(factors!["propensity"]).toBe(propensities![action]!.drawn);
    expect(reply).toMatchObject({
      kind: "act",
      action: "savings-account",
      reservationId: "c1.1.0",
      reason: byScore[0] === "savings-account" ? "highest_score" : "best_permitted",
    });
    if (reply.kind !== "act") throw new Error("no act");
    expect(reply.plan.map((leg) => leg.channel)).toEqual(["push", "email", "sms"]);
    expect(reply.plan[0]?.body).toContain("CZK 60,000.00");
    expect(versions["policy/default"]).toBe("4");
    expect(versions["catalogue/offers"]).toMatch(/^\d+:[A-Za-z0-9_-]{24}$/);
  });

  it("gives a record that replays to the same bytes, and the same one when asked again (I9)", async () => {
    startPolicy();
    const r = request(2, { customerId: "c2" });
    const record = await ask(r);
    expect(JSON.stringify(await ask(r))).toBe(JSON.stringify(record));
    const replayed = replayDecision(record, loadDefinitions(process.cwd()).catalogue, createExpressions());
    expect(JSON.stringify(replayed)).toBe(JSON.stringify(record));
  });

  it("answers a run up to the first decision that acts, with one question to policy", async () => {
    startPolicy();
    const overdrawn = { ...request(3).context, attributes: { balanceMinor: -1 } };
    deny.add("term-deposit").add("savings-account");
    const denied = request(31);
    const nobody = request(32, { context: overdrawn, candidates: ["savings-account"] });
    const none = await askRun([denied, nobody, request(33)]);
    expect(none.map((r) => [r.reply.decisionId, r.reply.kind])).toEqual([
      ["c1.31.0", "none"],
      ["c1.32.0", "none"],
      ["c1.33.0", "none"],
    ]);
    expect(asked.map((q) => q.decisionId)).toEqual(["c1.31.0", "c1.33.0"]);
    deny.clear();
    const acted = await askRun([nobody, request(33), request(34)]);
    expect(acted.map((r) => [r.reply.decisionId, r.reply.kind])).toEqual([
      ["c1.32.0", "none"],
      ["c1.33.0", "act"],
    ]);
  });

  it("answers none without asking policy when no candidate is left", async () => {
    startPolicy();
    const context = { ...request(3).context, attributes: { balanceMinor: -1 } };
    const { reply, explanations } = await ask(
      request(3, { customerId: "c3", context, candidates: ["savings-account", "gone"] }),
    );
    expect(reply).toEqual({
      kind: "none",
      decisionId: "c1.3.0",
      reason: "not_eligible",
    });
    expect(asked).toEqual([]);
    expect(explanations.map((e) => [e.action, e.reason.split(":")[0]])).toEqual([
      ["savings-account", "not_eligible"],
      ["gone", "not_in_catalogue"],
    ]);
  });

  it("is unavailable, not negative, while policy is away; then decides", async () => {
    const r = request(4, { customerId: "c4" });
    await expect(decide(r)).rejects.toBeInstanceOf(RpcUnavailable);
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
    const call = client.call(
      rpc.decide,
      { requests: [{ ...request(7), at: "secret" }] },
      { timeoutMs: 1_000 },
    );
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
