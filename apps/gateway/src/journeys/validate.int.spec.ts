import { connect } from "@nats-io/transport-node";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { journeyV1, journeyValidationV1, type JourneyValidationAnswer, type Problem } from "#contracts";
import { DefinitionsBucket } from "#registry";
import { startGatewayUnderTest, type GatewayUnderTest } from "../testing/gateway-under-test.js";

const YAML = { "content-type": "application/yaml" };
const TEXT = readFileSync(join(process.cwd(), "journeys/overdraft-rescue.yaml"), "utf8");

describe("POST /v1/journeys/validate", () => {
  let t: GatewayUnderTest;
  beforeAll(async () => {
    t = await startGatewayUnderTest();
  });
  afterAll(() => t.stop());

  async function validate(
    body: unknown,
    headers: Record<string, string> = YAML,
  ): Promise<JourneyValidationAnswer> {
    const answer = await t.request("POST", "/v1/journeys/validate", { body, headers });
    expect(answer.status).toBe(200);
    return journeyValidationV1.parse(answer.json());
  }

  it("finds nothing wrong with what ships", async () => {
    expect(await validate(TEXT)).toMatchObject({ ok: true, problems: [] });
  });

  it("points into the YAML that was sent", async () => {
    const line = TEXT.split("\n").findIndex((l) => l.includes("onTimeout: still-overdrawn")) + 1;
    const { ok, problems } = await validate(
      TEXT.replace("onTimeout: still-overdrawn", "onTimeout: still-overdrown"),
    );
    expect(ok).toBe(false);
    expect(problems[0]).toEqual({
      file: "journey",
      line,
      column: 16,
      path: "steps[1].onTimeout",
      cause: 'there is no step "still-overdrown"',
      suggestion: 'did you mean "still-overdrawn"?',
    });
  });

  it("reads JSON as well, and what is neither is a finding", async () => {
    const json = { "content-type": "application/json; charset=utf-8" };
    expect(await validate({ kind: "Journey" }, json)).toMatchObject({ ok: false });
    expect((await validate("a: [", YAML)).problems[0]?.cause).toMatch(/^not valid YAML/);
    expect((await validate("[".repeat(60_000), YAML)).problems[0]?.cause).toMatch(/^not valid YAML/);
  });

  it("sees a conflict with what is published", async () => {
    const nc = await connect({ servers: t.servers.nats.url });
    const published = journeyV1.parse({
      kind: "Journey",
      id: "published-one",
      version: 1,
      description: "d",
      purpose: "service",
      trigger: { event: "account.overdrawn" },
      entry: { rule: "once" },
      steps: [
        { id: "s", type: "send", action: "overdraft-explain", otherwise: "x" },
        { id: "x", type: "exit", reason: "x" },
      ],
    });
    await new DefinitionsBucket(nc).put("journey.published-one.1", JSON.stringify(published), 0);
    await nc.close();
    expect((await validate(TEXT)).warnings.map((w) => w.cause)).toContainEqual(
      expect.stringContaining('journey "published-one" starts at account.overdrawn too'),
    );
  });

  it("refuses what it does not read", async () => {
    const csv = await t.request("POST", "/v1/journeys/validate", {
      body: "a,b",
      headers: { "content-type": "text/csv" },
    });
    expect([csv.status, csv.json<Problem>().type]).toEqual([415, "/problems/unsupported-media-type"]);
    const large = await t.request("POST", "/v1/journeys/validate", {
      body: "#".repeat(65_537),
      headers: YAML,
    });
    expect([large.status, large.json<Problem>().type]).toEqual([413, "/problems/too-large"]);
  });
});
