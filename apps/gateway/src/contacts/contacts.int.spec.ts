import { jetstreamManager } from "@nats-io/jetstream";
import { subjects, type EventsAccepted, type Problem } from "#contracts";
import {
  JSON_BODY,
  startGatewayUnderTest,
  type Answer,
  type GatewayUnderTest,
} from "../testing/gateway-under-test.js";

describe("POST /v1/contacts on real NATS", () => {
  let t: GatewayUnderTest;
  beforeAll(async () => {
    t = await startGatewayUnderTest();
  });
  afterAll(() => t.stop());

  const contact = {
    id: "call-1",
    source: "dialer",
    customerId: "c-contact",
    at: "2026-07-01T10:15:00Z",
    channel: "ivr",
    purpose: "collections",
    kind: "conversation",
    about: { debt: "loan-1" },
  };
  const post = (body: unknown): Promise<Answer> =>
    t.request("POST", "/v1/contacts", { headers: JSON_BODY, body });

  it("stores it as one event, and again as the same", async () => {
    const first = await post(contact);
    expect(first.status).toBe(202);
    const again = await post(contact);
    const { seq } = first.json<EventsAccepted>().events[0]!;
    expect(again.json()).toEqual({
      accepted: 1,
      duplicates: 1,
      events: [{ id: "call-1", seq, duplicate: true }],
    });
    const stored = await (await jetstreamManager(t.servers.nc)).streams.getMessage("EVT", { seq });
    expect(stored?.subject).toBe(subjects.evt("c-contact", "dialer", "contact.reported"));
    expect(stored?.json()).toMatchObject({
      time: "2026-07-01T10:15:00Z",
      data: { channel: "ivr", purpose: "collections", kind: "conversation", about: { debt: "loan-1" } },
    });
  });

  it.each([
    [{ channel: "execute" }, 422, "invalid-data", "/channel"],
    [{ kind: "letter" }, 422, "invalid-data", "/kind"],
    [{ chanel: "sms" }, 422, "invalid-data", ""],
    [{ customerId: "no/such" }, 422, "invalid-data", "/customerId"],
    [{ source: "segue" }, 422, "reserved-source", "/source"],
    [{ at: "2999-01-01T00:00:00Z" }, 422, "time-out-of-range", "/at"],
  ])("refuses %j and says where", async (wrong, status, type, pointer) => {
    const answer = await post({ ...contact, id: "wrong", ...wrong });
    const problem = answer.json<Problem>();
    expect([answer.status, problem.type.split("/").at(-1)]).toEqual([status, expect.stringContaining(type)]);
    expect(problem["errors"]).toMatchObject([{ pointer }]);
  });
});
