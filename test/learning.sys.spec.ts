/**
 * The whole system learns: simulated conversions change which action is preferred; the decision service is killed in the middle of
 * learning (`kill -9`) and what it learned is neither lost nor doubled; late outcomes count once, and what is stored comes out of
 * AUDIT again, byte for byte.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { standingClockText } from "#clock";
import {
  decisionRecordsV1,
  eventMessageId,
  outcomeEventId,
  SEGUE_SOURCE,
  subjects,
  type Command,
  type DecisionRecord,
  type OutcomeKind,
} from "#contracts";
import { createExpressions, loadModels } from "#definitions";
import { ModelStore, replayModel } from "#learning";
import { eventually, type RunningService, untilReady } from "#testing";
import { scratch, SILENT_CUSTOMERS, System } from "./system.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 5, 9);
const FIRST = 60;
const LATER = 30;

const DEFINITIONS: Readonly<Record<string, string>> = {
  "journeys/offer.yaml": `
kind: Journey
id: offer
version: 1
description: Offers one of two things.
purpose: marketing
trigger: { event: offer.wanted }
entry: { rule: after-exit }
steps:
  - { id: choose, type: decide, actions: [offer-a, offer-b], next: done, otherwise: done }
  - { id: done, type: exit, reason: done }
`,
  "policies/test.yaml": `
kind: PolicyPack
id: test
version: 1
description: What a test needs.
source: house rule
rules:
  - { purpose: marketing, consent: required }
`,
  "models/response.yaml": `
kind: Model
id: response
version: 1
description: Who takes up an offer.
success: [converted]
horizon: 3d
features:
  segment: { kind: category, of: event.data.segment }
exploration: { deviations: 1 }
`,
  // Before anything is known, the first is worth more.
  "catalogue/offers.yaml": `
kind: Catalogue
id: offers
version: 1
description: Two offers.
actions:
${["offer-a", "offer-b"]
  .map(
    (id, i) => `
  - id: ${id}
    description: d
    purpose: marketing
    value: ${i === 0 ? 6 : 4}
    urgent: true
    model: response
    prior: { propensity: 0.2 }
    treatments: [{ channel: push, title: An offer, body: An offer of ours }]
`,
  )
  .join("")}`,
};

function definitions(): string {
  const dir = scratch("learning");
  for (const [file, text] of Object.entries(DEFINITIONS)) {
    mkdirSync(join(dir, file, ".."), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

describe("adaptive models in the whole system", () => {
  const dir = definitions();
  const [model] = loadModels(dir);
  let system: System;
  const started: RunningService[] = [];
  beforeAll(async () => {
    system = await System.start({
      clock: standingClockText(),
      // Everybody gets it, and nobody does anything by himself.
      sandbox: { ...SILENT_CUSTOMERS, push: { ...SILENT_CUSTOMERS["push"], reject: 0 } },
      env: {
        "*": { SEGUE_DEFINITIONS_DIR: dir },
        // What the first lesson taught is stored, where it came from is not noted.
        decision: { SEGUE_KILL_AT: "decision.learner.position" },
      },
    });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(started.map((s) => s.child.stop()));
    await system.stop();
  });

  async function startDecision(): Promise<RunningService> {
    const service = await system.launch("decision", { SEGUE_KILL_AT: "" });
    started.push(service);
    return untilReady(service, 30_000);
  }

  /** A customer who wants an offer at a time. */
  async function wants(customer: string, at: number): Promise<void> {
    const time = new Date(at).toISOString();
    const consents = [{ purpose: "marketing", channel: "*", granted: true }];
    await system.publish(
      system.event(customer, "customer.registered", { timezone: "UTC", consents }, { time }),
    );
    const seq = await system.publish(system.event(customer, "offer.wanted", { segment: "x" }, { time }));
    await system.settled(customer, seq);
  }

  /** What a channel would report. */
  async function responds(command: Command, kind: OutcomeKind, at: number, id = ""): Promise<void> {
    const { customerId: subject, commandId, decisionId, reservationId, action } = command;
    const type = `outcome.${kind}`;
    const event = {
      specversion: "1.0",
      id: `${outcomeEventId(commandId, kind)}${id}`,
      source: SEGUE_SOURCE,
      type,
      subject,
      time: new Date(at).toISOString(),
      data: {
        commandId,
        decisionId,
        reservationId,
        action,
        kind,
        channel: "push",
        tried: [],
        reason: "customer",
      },
    };
    const result = await system.publisher.publish(
      subjects.evt(subject, SEGUE_SOURCE, type),
      JSON.stringify(event),
      {
        msgId: eventMessageId(event.source, event.id),
      },
    );
    if (result.kind === "written") await system.settled(subject, result.seq);
  }

  async function ordered(prefix: string): Promise<Command[]> {
    return [...(await system.commands()).values()].filter((c) => c.customerId.startsWith(prefix));
  }

  const share = (commands: readonly Command[], action: string): number =>
    commands.filter((c) => c.action === action).length / commands.length;

  const store = (): Promise<ModelStore> => ModelStore.read(system.servers.nc, model!);
  const learned = async (): Promise<number> => (await store()).arms.reduce((n, arm) => n + arm.learned, 0);

  async function lastRecord(customer: string): Promise<DecisionRecord> {
    const messages = await system.messages("AUDIT", subjects.audit(customer, "decision"));
    return decisionRecordsV1.parse(messages.at(-1)!.body).records.at(-1)!;
  }

  it("prefers what is worth more before anything is known, and tries out the other", async () => {
    await Promise.all(Array.from({ length: FIRST }, (_, i) => wants(`first-${i}`, START + i * 60_000)));
    const commands = await ordered("first-");
    expect(commands).toHaveLength(FIRST);
    expect(share(commands, "offer-a")).toBeGreaterThan(0.55);
    expect(share(commands, "offer-b")).toBeGreaterThan(0.05);
    expect((await lastRecord("first-0")).propensities?.["offer-a"]).toMatchObject({
      model: "response@1",
      version: 0,
    });
  }, 90_000);

  it("learns from outcomes that come days late, once each, killed in the middle", async () => {
    const commands = await ordered("first-");
    const liked = commands.filter((c) => c.action === "offer-b");
    // Two days late, and told twice.
    await Promise.all(
      liked.map(async (c) => {
        await responds(c, "converted", START + 2 * DAY_MS);
        await responds(c, "converted", START + 2 * DAY_MS + 1, ":again");
      }),
    );
    // Beyond the horizon: settled by then.
    await responds(
      commands.find((c) => c.action === "offer-a")!,
      "converted",
      START + 5 * DAY_MS,
    );
    const first = system.services.get("decision")!;
    const died = first.child.exited;
    // Time passes.
    await wants("clock-1", START + 6 * DAY_MS);
    await died;
    system.services.delete("decision");
    const half = await learned();
    expect(half).toBeGreaterThan(0);
    await startDecision();
    await eventually("every order to be learned of", async () => (await learned()) >= FIRST, 30_000);
    await eventually(
      "the position to be noted",
      async () => ((await store()).position?.learned ?? 0) >= FIRST,
      30_000,
    );
    const arms = new Map((await store()).arms.map((arm) => [arm.action, arm]));
    expect(arms.get("offer-b")).toMatchObject({ learned: liked.length, successes: liked.length });
    expect(arms.get("offer-a")).toMatchObject({ learned: FIRST - liked.length, successes: 0 });
  }, 120_000);

  it("prefers what customers took up", async () => {
    await Promise.all(Array.from({ length: LATER }, (_, i) => wants(`later-${i}`, START + 7 * DAY_MS + i)));
    const commands = await ordered("later-");
    expect(share(commands, "offer-b")).toBeGreaterThan(0.9);
    const record = await lastRecord("later-0");
    const [a, b] = [record.propensities!["offer-a"]!, record.propensities!["offer-b"]!];
    expect(b.p).toBeGreaterThan(2 * a.p);
    expect(b.version).toBeGreaterThan(0);
  }, 90_000);

  it("is restored by a restart", async () => {
    const before = (await lastRecord("later-0")).propensities!;
    await started.pop()!.child.stop();
    await startDecision();
    await wants("restored", START + 8 * DAY_MS);
    const after = (await lastRecord("restored")).propensities!;
    for (const action of ["offer-a", "offer-b"])
      expect([after[action]!.version, after[action]!.p]).toEqual([
        before[action]!.version,
        before[action]!.p,
      ]);
  }, 60_000);

  it("comes out of AUDIT again, byte for byte", async () => {
    const replayed = await replayModel(system.servers.nc, model!, await store(), createExpressions());
    expect(replayed.map((r) => [r.action, r.same])).toEqual([
      ["offer-a", true],
      ["offer-b", true],
    ]);
  }, 60_000);
});
