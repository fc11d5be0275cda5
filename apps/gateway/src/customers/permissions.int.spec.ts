/** "May we, and why (not)" over HTTP; what is answered is tested with the policy service itself. */
import { wallClock } from "#clock";
import {
  catalogueV1,
  evaluateRunV1,
  permissionsV1,
  rpc,
  subjects,
  type EvaluateReply,
  type EvaluateRequest,
} from "#contracts";
import { emptyContext } from "#domain";
import { Publisher } from "#messaging";
import { CATALOGUES, DefinitionsBucket, installDefinitions } from "#registry";
import { respond } from "#testing";
import { startGatewayUnderTest, type GatewayUnderTest } from "../testing/gateway-under-test.js";

const CATALOGUE = catalogueV1.parse({
  kind: "Catalogue",
  id: "offers",
  version: 1,
  description: "for tests",
  actions: [
    {
      id: "savings",
      description: "savings",
      purpose: "marketing",
      value: 1,
      treatments: [{ channel: "push", title: "t", body: "b" }],
    },
  ],
});
/** From this time on the policy permits. */
const OPENS = Date.parse("2026-07-02T06:00:00Z");
const EARLIER = "2026-07-01T20:30:00Z";

describe("GET /v1/customers/{id}/permissions", () => {
  let gateway: GatewayUnderTest;
  const asked: EvaluateRequest[] = [];
  let stop: (() => void) | undefined;
  const profile = { seq: 3, consents: { "marketing.push": true }, holds: [] };
  beforeAll(async () => {
    gateway = await startGatewayUnderTest();
    const { nc } = gateway.servers;
    await installDefinitions(new DefinitionsBucket(nc), wallClock, CATALOGUES, [CATALOGUE]);
    const context = { ...emptyContext("p1"), profile, watermark: 7 };
    await new Publisher(nc).publish(subjects.ctx("p1"), JSON.stringify(context), { msgId: "p1" });
  }, 30_000);
  afterAll(() => gateway.stop());
  afterEach(() => stop?.());

  function answer(request: EvaluateRequest): EvaluateReply {
    asked.push(request);
    const { action, channels } = request.options[0]!;
    const open = request.at >= OPENS;
    return {
      verdicts: channels.map((channel) =>
        open
          ? { actions: [action], channel, verdict: "permitted", reason: "permitted" }
          : { actions: [action], channel, verdict: "deferred", reason: "quiet_hours", until: OPENS + 5_000 },
      ),
      packs: ["default@4"],
    };
  }
  const startPolicy = (): void => {
    stop = respond(gateway.servers.nc, rpc.evaluate, (data) => ({
      replies: evaluateRunV1.parse(data).requests.map(answer),
    }));
  };

  it("asks policy with the committed context, without reserving, and says from when on", async () => {
    startPolicy();
    const response = await gateway.request(
      "GET",
      `/v1/customers/p1/permissions?action=savings&at=${EARLIER}`,
    );
    expect(response.status).toBe(200);
    expect(permissionsV1.parse(response.json())).toMatchObject({
      customerId: "p1",
      permitted: false,
      channels: [{ channel: "push", reason: "quiet_hours", permittedFrom: "2026-07-02T06:00:00.000Z" }],
      packs: ["default@4"],
    });
    expect(asked.length).toBeGreaterThan(1);
    for (const request of asked) expect(request).toMatchObject({ preview: true, profile, watermark: 7 });
  });

  it.each([
    ["?action=savings&at=noon", 400],
    ["?action=savings&channel=pigeon", 400],
    ["", 400],
    ["?action=bribe", 404],
    ["?action=savings&channel=sms", 404],
  ])("answers %s with %d", async (query, status) => {
    startPolicy();
    expect((await gateway.request("GET", `/v1/customers/p1/permissions${query}`)).status).toBe(status);
  });

  it("answers 503 while no policy service does", async () => {
    stop?.();
    expect((await gateway.request("GET", "/v1/customers/p1/permissions?action=savings")).status).toBe(503);
  });
});
