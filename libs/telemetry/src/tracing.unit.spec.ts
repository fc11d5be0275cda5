import { span, startTelemetry } from "./index.js";
import { errorCodes, tracesUrl } from "./opentelemetry-tracer.js";

describe("tracing that is off", () => {
  it.each([undefined, ""])(
    "calls straight through and hands out no headers (endpoint %j)",
    async (endpoint) => {
      const telemetry = startTelemetry({ service: "test", endpoint });
      const answer = Promise.resolve(7);
      let seen: unknown;
      const got = span("x", {}, (headers) => {
        seen = headers;
        return answer;
      });
      expect(got).toBe(answer);
      expect(seen).toEqual({});
      await telemetry.shutdown();
    },
  );

  it("costs less than a microsecond a call", async () => {
    const calls = 1_000_000;
    const options = { kind: "consumer", attributes: { partition: 3 } } as const;
    const done = Promise.resolve();
    const work = (): Promise<void> => done;
    for (let i = 0; i < 10_000; i++) void span("warm up", options, work);
    const from = performance.now();
    for (let i = 0; i < calls; i++) void span("receive evt", options, work);
    const nanoseconds = ((performance.now() - from) * 1e6) / calls;
    console.log(`span() with tracing off: ${nanoseconds.toFixed(1)} ns a call over ${calls} calls`);
    expect(nanoseconds).toBeLessThan(1_000);
  });
});

describe("the endpoint", () => {
  it.each([
    ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
    ["https://collector/otlp/", "https://collector/otlp/v1/traces"],
    ["http://collector:4318/v1/traces", "http://collector:4318/v1/traces"],
  ])("%s stands for %s", (endpoint, url) => {
    expect(tracesUrl(endpoint)).toBe(url);
  });

  it.each(["collector:4318", "grpc://collector:4317", "yes"])(
    "%s is refused by the variable's name",
    (endpoint) => {
      expect(() => startTelemetry({ service: "test", endpoint })).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT is /);
    },
  );
});

describe("what is told of an error", () => {
  it.each([
    [
      Object.assign(new TypeError("customer 42 owes 100"), { code: "ECONNREFUSED" }),
      { name: "TypeError", code: "ECONNREFUSED" },
    ],
    [Object.assign(new Error("x"), { code: 503 }), { name: "Error", code: "503" }],
    [
      Object.assign(new Error("x"), { name: "Jan Novák owes 100", code: "+420 601 234 567" }),
      { name: "Error" },
    ],
    ["jan.novak@example.com", { name: "Error" }],
    [null, { name: "Error" }],
  ])("%p → %p: class and code, nothing that quotes data", (error, expected) => {
    expect(errorCodes(error)).toEqual(expected);
  });
});
