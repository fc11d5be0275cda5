import { connect } from "node:net";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { problemV1, subjects, type EventsAccepted, type Problem } from "#contracts";
import {
  anEvent,
  CLOUD_EVENT,
  CLOUD_EVENTS,
  JSON_BODY,
  startGatewayUnderTest,
  type Answer,
  type GatewayUnderTest,
} from "../testing/gateway-under-test.js";

describe("POST /v1/events on real NATS", () => {
  let t: GatewayUnderTest;
  let jsm: JetStreamManager;
  beforeAll(async () => {
    t = await startGatewayUnderTest();
    jsm = await jetstreamManager(t.servers.nc);
  });
  afterAll(() => t.stop());

  const post = (body: unknown, headers: Record<string, string> = CLOUD_EVENT): Promise<Answer> =>
    t.request("POST", "/v1/events", { headers, body });
  const stored = async (
    seq: number,
  ): Promise<{ subject: string; json: Record<string, unknown>; id: string }> => {
    const m = await jsm.streams.getMessage("EVT", { seq });
    if (!m) throw new Error(`nothing at ${seq}`);
    return { subject: m.subject, json: m.json<Record<string, unknown>>(), id: m.header.get("Nats-Msg-Id") };
  };
  const lastSeq = async (): Promise<number> => (await jsm.streams.info("EVT")).state.last_seq;

  it("answers 202 once the event stands in the customer's partition (I1)", async () => {
    const event = anEvent({
      time: new Date().toISOString(),
      subject: "c-202",
      source: "/core/banking",
      bankbranch: "b7",
    });
    const answer = await post(event);
    expect(answer.status).toBe(202);
    const { accepted, duplicates, events } = answer.json<EventsAccepted>();
    expect({ accepted, duplicates, id: events[0]?.id, duplicate: events[0]?.duplicate }).toEqual({
      accepted: 1,
      duplicates: 0,
      id: event["id"],
      duplicate: false,
    });
    expect(await stored(events[0]!.seq)).toEqual({
      subject: subjects.evt("c-202", "core_banking", "account.debited"),
      json: event,
      id: `/core/banking:${String(event["id"])}`,
    });
  });

  it("gives an event without a time the time of receipt", async () => {
    const before = Date.now();
    const { events } = (await post(anEvent())).json<EventsAccepted>();
    const time = Date.parse(String((await stored(events[0]!.seq)).json["time"]));
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it("says duplicate for the same source and id, and stores it once", async () => {
    const event = anEvent();
    const first = (await post(event)).json<EventsAccepted>();
    const last = await lastSeq();
    const again = (await post(event)).json<EventsAccepted>();
    expect(again).toEqual({ accepted: 1, duplicates: 1, events: [{ ...first.events[0], duplicate: true }] });
    expect(await lastSeq()).toBe(last);
  });

  it("tells source a:b, id c from source a, id b:c", async () => {
    const ids = [anEvent({ source: "a:b", id: "c" }), anEvent({ source: "a", id: "b:c" })];
    const answers = await Promise.all(ids.map(async (e) => (await post(e)).json<EventsAccepted>()));
    expect(answers.map((a) => a.duplicates)).toEqual([0, 0]);
  });

  it("reads binary mode: attributes from headers, data from the body", async () => {
    const headers = {
      ...JSON_BODY,
      "ce-specversion": "1.0",
      "ce-id": "b%201",
      "ce-source": "core",
      "ce-type": "card.withdrawn",
      "ce-subject": "c-bin",
      "ce-time": new Date().toISOString(),
    };
    const answer = await post({ amountMinor: 5 }, headers);
    expect(answer.status).toBe(202);
    const message = await stored(answer.json<EventsAccepted>().events[0]!.seq);
    expect(message.subject).toBe(subjects.evt("c-bin", "core", "card.withdrawn"));
    expect(message.json).toMatchObject({
      id: "b 1",
      data: { amountMinor: 5 },
      datacontenttype: "application/json",
    });
  });

  it.each([
    ["application/cloudevents-batch+json", CLOUD_EVENTS],
    ["a JSON array", JSON_BODY],
  ])("stores a batch (%s) with each customer's events in their order (I2)", async (_name, headers) => {
    const batch = Array.from({ length: 60 }, (_, i) => anEvent({ subject: `b${i % 3}` }));
    const answer = await post(batch, headers);
    expect(answer.status).toBe(202);
    const { accepted, events } = answer.json<EventsAccepted>();
    expect(accepted).toBe(60);
    expect(events.map((e) => e.id)).toEqual(batch.map((e) => e["id"]));
    for (const k of [0, 1, 2]) {
      const seqs = events.filter((_, i) => i % 3 === k).map((e) => e.seq);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    }
    const { events: again } = (await post(batch, headers)).json<EventsAccepted>();
    expect(again).toEqual(events.map((e) => ({ ...e, duplicate: true })));
  });

  it("accepts an empty batch", async () => {
    expect((await post([], CLOUD_EVENTS)).json()).toEqual({ accepted: 0, duplicates: 0, events: [] });
  });

  it("stores nothing of a batch in which one event is wrong, and says which", async () => {
    const last = await lastSeq();
    const answer = await post(
      [anEvent(), anEvent({ subject: "no spaces" }), anEvent({ id: "" })],
      CLOUD_EVENTS,
    );
    expect(answer.status).toBe(422);
    expect(answer.json<Problem>().errors?.map((e) => [e.pointer, e.code])).toEqual([
      ["/1/subject", "unsafe_subject"],
      ["/2/id", "not_a_cloudevent"],
    ]);
    expect(await lastSeq()).toBe(last);
  });

  it("refuses a batch that reuses an id for another content, which the stream would drop", async () => {
    const event = anEvent();
    expect(
      (await post([event, { ...event, subject: "c2" }], CLOUD_EVENTS)).json<Problem>().errors,
    ).toMatchObject([{ pointer: "/1/id" }]);
    expect((await post([event, event], CLOUD_EVENTS)).json<EventsAccepted>().duplicates).toBe(1);
  });

  const year = 365 * 86_400_000;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const deep = (levels: number): string => '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
  const text = (over: Record<string, unknown>): string => JSON.stringify(anEvent(over));
  const badInput: [string, number, string, () => string | Uint8Array, Record<string, string>, string[]?][] = [
    ["malformed JSON", 400, "malformed-json", () => '{"specversion": "1.0", SECRET', CLOUD_EVENT],
    ["an empty body", 400, "malformed-json", () => "", CLOUD_EVENT],
    [
      "a body that is not UTF-8",
      400,
      "malformed-json",
      () => new Uint8Array([0x22, 0xc3, 0x28, 0x22]),
      CLOUD_EVENT,
    ],
    ["JSON that is no object", 422, "not-a-cloudevent", () => '"SECRET"', CLOUD_EVENT, [""]],
    [
      "not a CloudEvent",
      422,
      "not-a-cloudevent",
      () => '{"hello":"SECRET"}',
      JSON_BODY,
      ["/specversion", "/id", "/source", "/type", "/subject"],
    ],
    [
      "another version",
      422,
      "not-a-cloudevent",
      () => text({ specversion: "0.3" }),
      CLOUD_EVENT,
      ["/specversion"],
    ],
    ["no customer", 422, "not-a-cloudevent", () => text({ subject: undefined }), CLOUD_EVENT, ["/subject"]],
    [
      "a customer id with a dot",
      422,
      "unsafe-subject",
      () => text({ subject: "a.SECRET" }),
      CLOUD_EVENT,
      ["/subject"],
    ],
    [
      "a wildcard customer id",
      422,
      "unsafe-subject",
      () => text({ subject: "*" }),
      CLOUD_EVENT,
      ["/subject"],
    ],
    [
      "a customer id that is too long",
      422,
      "unsafe-subject",
      () => text({ subject: "x".repeat(65) }),
      CLOUD_EVENT,
      ["/subject"],
    ],
    ["a wildcard type", 422, "not-a-cloudevent", () => text({ type: "a.>" }), CLOUD_EVENT, ["/type"]],
    [
      "a line break in the id",
      422,
      "not-a-cloudevent",
      () => text({ id: "a\r\nNats-Rollup: all" }),
      CLOUD_EVENT,
      ["/id"],
    ],
    [
      "time in the far future",
      422,
      "time-out-of-range",
      () => text({ time: iso(Date.now() + 600_000) }),
      CLOUD_EVENT,
      ["/time"],
    ],
    [
      "time in the far past",
      422,
      "time-out-of-range",
      () => text({ time: iso(Date.now() - 11 * year) }),
      CLOUD_EVENT,
      ["/time"],
    ],
    ["a time that is none", 422, "not-a-cloudevent", () => text({ time: "SECRET" }), CLOUD_EVENT, ["/time"]],
    [
      "the reserved source",
      422,
      "reserved-source",
      () => text({ source: "segue" }),
      CLOUD_EVENT,
      ["/source"],
    ],
    [
      "the reserved source in disguise",
      422,
      "reserved-source",
      () => text({ source: "/segue/" }),
      CLOUD_EVENT,
      ["/source"],
    ],
    [
      "consent data that does not fit",
      422,
      "invalid-data",
      () => text({ type: "consent.changed", data: { purpose: "SECRET", channel: "sms" } }),
      CLOUD_EVENT,
      ["/data/purpose", "/data/granted"],
    ],
    [
      "an unknown hold",
      422,
      "invalid-data",
      () => text({ type: "hold.placed", data: { kind: "SECRET" } }),
      CLOUD_EVENT,
      ["/data/kind"],
    ],
    [
      "a hold without data",
      422,
      "invalid-data",
      () => text({ type: "hold.lifted", data: undefined }),
      CLOUD_EVENT,
      ["/data/kind"],
    ],
    ["binary data", 422, "invalid-data", () => text({ data_base64: "AAAA" }), CLOUD_EVENT, ["/data_base64"]],
    [
      "deep nesting",
      422,
      "not-a-cloudevent",
      () => text({}).replace(/"data":.*/, `"data":${deep(500)}}`),
      CLOUD_EVENT,
      [""],
    ],
    [
      "an event of more than 64 kB",
      413,
      "too-large",
      () => text({ data: { a: "x".repeat(66_000) } }),
      CLOUD_EVENT,
    ],
    [
      "an event of more than 64 kB as plain JSON",
      413,
      "too-large",
      () => text({ data: { a: "x".repeat(66_000) } }),
      JSON_BODY,
    ],
    [
      "an event of more than 64 kB in a batch",
      413,
      "too-large",
      () => `[${text({})},${text({ data: { a: "x".repeat(66_000) } })}]`,
      CLOUD_EVENTS,
      ["/1"],
    ],
    [
      "a batch of more than 256",
      413,
      "too-large",
      () => JSON.stringify(Array.from({ length: 257 }, () => anEvent())),
      CLOUD_EVENTS,
    ],
    ["a body of more than 4 MB", 413, "too-large", () => " ".repeat(4_200_000), CLOUD_EVENTS],
    ["a batch that is no array", 422, "not-a-cloudevent", () => text({}), CLOUD_EVENTS, [""]],
    [
      "a form",
      415,
      "unsupported-media-type",
      () => "a=b",
      { "content-type": "application/x-www-form-urlencoded" },
    ],
    ["no content type", 415, "unsupported-media-type", () => new TextEncoder().encode(text({})), {}],
    [
      "another charset",
      415,
      "unsupported-media-type",
      () => text({}),
      { "content-type": "application/json; charset=latin1" },
    ],
    [
      "a compressed body",
      415,
      "unsupported-media-type",
      () => "x",
      { ...JSON_BODY, "content-encoding": "gzip" },
    ],
    [
      "XML in binary mode",
      415,
      "unsupported-media-type",
      () => "<a/>",
      { "content-type": "application/xml", "ce-id": "1", "ce-specversion": "1.0" },
    ],
    [
      "a bad Idempotency-Key",
      400,
      "invalid-request",
      () => text({}),
      { ...CLOUD_EVENT, "idempotency-key": "x".repeat(300) },
    ],
  ];
  // Six arguments each: for a missing last one Jest would hand over its `done`.
  it.each(badInput.map(([a, b, c, d, e, f]) => [a, b, c, d, e, f] as const))(
    "refuses %s with %i %s",
    async (_name, status, kind, body, headers, pointers) => {
      const last = await lastSeq();
      const answer = await post(body(), headers);
      const problem = problemV1.parse(answer.json());
      expect([answer.status, problem.type, problem.status]).toEqual([status, `/problems/${kind}`, status]);
      expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(problem.instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
      if (pointers) expect(problem.errors?.map((e) => e.pointer)).toEqual(pointers);
      expect(answer.text).not.toContain("SECRET");
      expect(await lastSeq()).toBe(last);
    },
  );

  it.each([
    ["headers of more than 16 kB", 431, `GET / HTTP/1.1\r\nHost: x\r\nx-a: ${"x".repeat(20_000)}\r\n\r\n`],
    ["what is not HTTP", 400, "\u0000\u0001 hello\r\n\r\n"],
    [
      "two lengths of one body",
      400,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ],
  ])("answers %s with %i as problem details too", async (_name, status, request) => {
    const { port } = new URL(t.gateway.address);
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("close", () => resolve(text)).on("error", reject);
    });
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain("application/problem+json");
    expect(problemV1.parse(JSON.parse(body)).status).toBe(status);
  });

  it("keeps unknown event types and hostile property names as data", async () => {
    const body =
      '{"specversion":"1.0","id":"proto-1","source":"core","type":"constructor","subject":"c1","data":{"__proto__":{"x":1},"constructor":2}}';
    const answer = await post(body);
    expect(answer.status).toBe(202);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("accepts an event with exactly the size that is allowed", async () => {
    const bytes = (n: number): string =>
      text({ id: `size-${n}`, time: "2026-01-01T00:00:00Z", data: { a: "x".repeat(n) } });
    const padding = 65_536 - bytes(10_000).length + 10_000;
    expect(bytes(padding)).toHaveLength(65_536);
    expect((await post(bytes(padding))).status).toBe(202);
    expect((await post(bytes(padding + 1))).status).toBe(413);
  });

  describe("Idempotency-Key", () => {
    it("gives the first answer again, without publishing", async () => {
      const event = anEvent();
      const headers = { ...CLOUD_EVENT, "idempotency-key": "key-1" };
      const first = await post(event, headers);
      const again = await post(event, headers);
      expect(again.status).toBe(202);
      expect(again.text).toBe(first.text);
      expect(again.json<EventsAccepted>().duplicates).toBe(0);
      expect([first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")]).toEqual([
        null,
        "true",
      ]);
    });

    it("refuses the key for another body, and keeps nothing of a refused request", async () => {
      const headers = { ...CLOUD_EVENT, "idempotency-key": "key-2" };
      expect((await post(anEvent({ subject: "not safe" }), headers)).status).toBe(422);
      expect((await post(anEvent(), headers)).status).toBe(202);
      const other = await post(anEvent(), headers);
      expect([other.status, other.json<Problem>().type]).toEqual([422, "/problems/idempotency-key-reused"]);
    });
  });

  it("counts what it did", async () => {
    const metrics = (await t.request("GET", "/metrics")).text;
    expect(metrics).toMatch(
      /segue_gateway_requests_total\{method="POST",route="\/v1\/events",status="202"\} [1-9]/,
    );
    expect(metrics).toMatch(
      /segue_gateway_requests_total\{method="POST",route="\/v1\/events",status="422"\} [1-9]/,
    );
    expect(metrics).toMatch(/segue_gateway_events_refused_total\{reason="time_out_of_range"\} 2/);
    expect(metrics).toMatch(/segue_gateway_events_accepted_total [1-9]/);
    expect(metrics).toMatch(/segue_gateway_publish_seconds_bucket\{le="\+Inf"\} [1-9]/);
    expect(metrics).toMatch(/segue_gateway_events_in_flight 0\n/);
  });
});
