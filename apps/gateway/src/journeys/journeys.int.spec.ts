/** Governance over HTTP, on a real nats-server. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  JSON_BODY,
  startGatewayUnderTest,
  type Answer,
  type GatewayUnderTest,
} from "../testing/gateway-under-test.js";

const CATALOGUE = `
kind: Catalogue
id: test
version: 1
description: for this test
actions:
  - { id: explain, description: d, purpose: service, value: 1, treatments: [{ channel: push, title: t, body: b }] }
`;
const definition = (version: number, more: object = {}): object => ({
  kind: "Journey",
  id: "rescue",
  version,
  description: "waits",
  purpose: "service",
  trigger: { event: "account.overdrawn" },
  entry: { rule: "once" },
  steps: [
    { id: "pause", type: "wait", atMost: "1d", next: "end" },
    { id: "end", type: "exit", reason: "done" },
  ],
  ...more,
});
const anna = { by: "anna", why: "test" };
const petr = { by: "petr", why: "test" };

describe("governance of journeys over HTTP", () => {
  let t: GatewayUnderTest;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "segue-governance-"));
    mkdirSync(join(dir, "catalogue"));
    writeFileSync(join(dir, "catalogue", "test.yaml"), CATALOGUE);
    t = await startGatewayUnderTest({ SEGUE_DEFINITIONS_DIR: dir });
  });
  afterAll(() => t.stop());

  const post = (path: string, body: object): Promise<Answer> =>
    t.request("POST", path, { headers: JSON_BODY, body });
  const act = (what: string, body: object): Promise<Answer> => post(`/v1/journeys/rescue/${what}`, body);

  it("takes a version from proposal to live, by two people", async () => {
    expect((await post("/v1/journeys", { ...anna, definition: definition(1) })).status).toBe(200);
    const alone = await act("publish", { ...anna, version: 1 });
    expect(alone.status).toBe(409);
    expect(alone.json()).toMatchObject({ type: "/problems/release-refused", code: "four_eyes" });
    const published = await act("publish", { ...petr, version: 1 });
    expect(published.json()).toMatchObject({
      status: "changed",
      release: { shares: [{ version: 1, percent: 100 }], versions: [{ author: "anna", approver: "petr" }] },
    });
    expect((await act("publish", { ...petr, version: 1 })).json()).toMatchObject({ status: "unchanged" });
    await post("/v1/journeys", { ...anna, definition: definition(2) });
    const from = "2050-01-01T08:00:00+01:00";
    expect((await act("publish", { ...petr, version: 2, percent: 10, from })).json()).toMatchObject({
      release: { live: [{ version: 2, percent: 10, from: Date.parse(from) }, { version: 1 }] },
    });
    expect((await act("migrate", { ...petr, from: 1, to: 2, steps: { pause: "pause" } })).status).toBe(200);
    expect((await act("rollback", { ...petr, version: 2 })).json()).toMatchObject({
      release: { live: [{ version: 1 }], rolledBack: [2], migrations: [] },
    });
  });

  it("lists journeys, and tells one's story with a chain that is whole", async () => {
    const list = (await t.request("GET", "/v1/journeys")).json<{ journeys: { journey: string }[] }>();
    expect(list.journeys.map((j) => j.journey)).toEqual(["rescue"]);
    const one = await t.request("GET", "/v1/journeys/rescue");
    expect(one.json()).toMatchObject({
      definitions: [{ version: 1 }],
      history: expect.arrayContaining([expect.objectContaining({ by: "petr" })]),
      chain: [],
    });
    for (const id of ["nowhere", "NOT_AN_ID", "a.b"])
      expect((await t.request("GET", `/v1/journeys/${id}`)).json()).toMatchObject({
        type: "/problems/journey-not-found",
      });
  });

  it("pauses, stops and resumes; the kill switch stops channels and everything", async () => {
    expect((await act("pause", petr)).json()).toMatchObject({ release: { state: "paused" } });
    expect((await act("stop", petr)).json()).toMatchObject({ release: { state: "stopped" } });
    const target = { kind: "channel", channel: "sms" };
    expect((await post("/v1/controls/stop", { ...anna, target })).json()).toMatchObject({
      controls: { channels: ["sms"], journeys: ["rescue"] },
    });
    expect((await act("resume", petr)).json()).toMatchObject({ release: { state: "live" } });
    expect((await post("/v1/controls/release", { ...anna, target })).json()).toMatchObject({
      controls: { all: false, channels: [], journeys: [] },
    });
    expect((await post("/v1/controls/release", { ...anna, target: { kind: "all" } })).json()).toMatchObject({
      status: "unchanged",
    });
  });

  it("names what is wrong with a definition and with a request", async () => {
    const broken = await post("/v1/journeys", {
      ...anna,
      definition: definition(3, { steps: [{ id: "pause", type: "wait", atMost: "1d", next: "gone" }] }),
    });
    expect(broken.status).toBe(422);
    expect(broken.json<{ errors: { pointer: string }[] }>().errors.map((e) => e.pointer)).toContain(
      "/definition/steps/0/next",
    );
    for (const body of [
      { why: "x", version: 1 },
      { ...petr, version: 0 },
      { ...petr, version: 1, percent: 101 },
    ])
      expect((await act("publish", body)).status).toBe(422);
    expect((await act("pause", { ...petr, expectRevision: 1 })).json()).toMatchObject({
      code: "changed_meanwhile",
    });
  });

  it("refuses a publication that the gate of simulation has nothing to judge by", async () => {
    mkdirSync(join(dir, "gates"));
    const gate = {
      kind: "Gate",
      id: "default",
      version: 1,
      description: "d",
      limits: { minEvents: { atLeast: 5, reason: "r" } },
    };
    writeFileSync(join(dir, "gates", "default.yaml"), JSON.stringify(gate));
    mkdirSync(join(dir, "journeys"));
    writeFileSync(join(dir, "journeys", "rescue.yaml"), JSON.stringify(definition(1)));
    mkdirSync(join(dir, "policies"));
    writeFileSync(
      join(dir, "policies", "house.yaml"),
      JSON.stringify({
        kind: "PolicyPack",
        id: "h",
        version: 1,
        description: "d",
        source: "s",
        rules: [{ purpose: "service", consent: "not-refused" }],
      }),
    );
    await post("/v1/journeys", { ...anna, definition: definition(4) });
    const refused = await act("publish", { ...petr, version: 4 });
    expect(refused.json()).toMatchObject({ code: "gate_failed" });
    expect(refused.text).toContain("minEvents: events simulated: 0, at least 5");
  });
});
