/**
 * A catalogue is published while decisions are made: no decision fails, from then on the new version counts, and every
 * decision replays with the version that it was made with (I9).
 */
import {
  decisionExplanationV1,
  decisionRunAnswerV1,
  evaluateRunV1,
  rpc,
  type DecisionRecord,
  type DecisionRequest,
  type EvaluateReply,
  type EvaluateRequest,
} from "#contracts";
import { definitionsOf } from "#audit";
import { wallClock } from "#clock";
import { createExpressions } from "#definitions";
import { replayDecision } from "#domain";
import { RpcClient } from "#messaging";
import { CATALOGUES, DefinitionsBucket, ReleaseLog } from "#registry";
import type { Service } from "#service";
import { createLogger } from "#telemetry";
import { eventually, largeCatalogue, LARGE_TAG, respond, startServers, type TestServers } from "#testing";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDecision } from "./start-decision.js";

const request = (n: number): DecisionRequest => ({
  decisionId: `c1.${n}.0`,
  customerId: "c1",
  at: Date.now(),
  moment: {
    id: `e${n}`,
    source: "core",
    type: "transfer.sent",
    time: Date.now(),
    data: { amountMinor: 2_500, name: "Jana", currency: "CZK" },
  },
  context: { now: Date.now(), attributes: {}, signals: {}, contacts: [] },
  profile: { seq: 1, language: "cs-CZ", consents: {}, holds: [] },
  journey: { id: "any", version: 1, instance: "any-1", step: "offer" },
  candidates: [],
  tags: [LARGE_TAG],
});

/** Permits the best. */
function permit({ decisionId, options: [first] }: EvaluateRequest): EvaluateReply {
  const { action, channels } = first!;
  return {
    reservationId: decisionId,
    chosen: { action, channels },
    verdicts: channels.map((channel) => ({
      actions: [action],
      channel,
      verdict: "permitted",
      reason: "permitted",
    })),
    packs: [],
  };
}

describe("publishing a catalogue under load, on real NATS", () => {
  const shipped = largeCatalogue({ actions: 100 });
  let servers: TestServers;
  let service: Service;
  let client: RpcClient;
  let stopPolicy: () => void;
  beforeAll(async () => {
    servers = await startServers();
    mkdirSync(join(servers.dir, "catalogue"));
    writeFileSync(join(servers.dir, "catalogue/large.yaml"), JSON.stringify(shipped));
    service = await startDecision(
      { natsUrl: servers.nats.url, definitionsDir: servers.dir },
      createLogger({ service: "decision", level: "silent" }),
    );
    client = new RpcClient(servers.nc);
    stopPolicy = respond(servers.nc, rpc.evaluate, (data) => {
      const { requests } = evaluateRunV1.parse(data);
      return { replies: [permit(requests[0]!)] };
    });
  }, 30_000);
  afterAll(async () => {
    stopPolicy();
    await service.stop();
    await servers.stop();
  });

  async function decide(n: number): Promise<DecisionRecord> {
    const asked = request(n);
    const reply = await client.call(rpc.decide, { requests: [asked] }, { timeoutMs: 5_000 });
    const [first] = decisionRunAnswerV1.parse(reply).answers;
    return {
      request: asked,
      reply: first!.reply,
      ...decisionExplanationV1.parse(JSON.parse(first!.explanation)),
    };
  }
  const versionOf = (record: DecisionRecord): string => record.versions["catalogue/large"]!.split(":")[0]!;

  it("swaps it whole, without a decision that fails, and replays them all", async () => {
    const log = new ReleaseLog(CATALOGUES, {
      bucket: new DefinitionsBucket(servers.nc),
      clock: wallClock,
      check: () => [],
    });
    const records: DecisionRecord[] = [];
    let deciding = true;
    const running = (async () => {
      for (let n = 1; deciding; n++) records.push(await decide(n));
    })();
    await eventually("decisions with the shipped version", () => records.length > 10);

    const only = { ...shipped.actions[0]!, id: "only-one", value: 1_000 };
    const next = { ...shipped, version: 2, actions: [only, ...shipped.actions.slice(0, 50)] };
    expect((await log.propose(next, { by: "anna", why: "test" })).kind).toBe("changed");
    const published = await log.publish("large", { by: "petr", why: "test", version: 2 });
    expect(published.kind).toBe("changed");
    await eventually("decisions with version 2", () => versionOf(records.at(-1)!) === "2");
    const second = records.length;
    await eventually("more decisions", () => records.length > second + 10);
    await log.rollback("large", { by: "petr", why: "test" });
    await eventually("decisions with version 1 again", () => versionOf(records.at(-1)!) === "1");
    deciding = false;
    await running;

    const versions = records.map(versionOf).join("");
    expect(versions).toMatch(/^1+2{10,}1+$/);
    for (const record of records) {
      expect(record.reply.kind).toBe("act");
      if (record.reply.kind === "act" && versionOf(record) === "2")
        expect(record.reply.action).toBe("only-one");
    }
    const changes = records.filter((r, i) => versionOf(r) !== versionOf(records[i + 1] ?? r));
    for (const record of [records[0]!, ...changes, records.at(-1)!]) {
      const then = await definitionsOf(servers.nc, record, Date.now());
      expect(then.problems).toEqual([]);
      const again = replayDecision(record, then.catalogue, createExpressions());
      expect(JSON.stringify(again)).toBe(JSON.stringify(record));
    }
  });
});
