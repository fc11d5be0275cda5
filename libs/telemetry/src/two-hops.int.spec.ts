/** One trace over two processes with a NATS message in between, as a collector receives it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { headers as natsHeaders, type NatsConnection } from "@nats-io/nats-core";
import { startChild, startNatsServer, type Child, type NatsServer } from "#embedded";
import { connectNats } from "#messaging";
import { eventually, startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from "#testing";
import { createLogger, headerGetter, span, startTelemetry, type TraceHeaders } from "./index.js";

const SUBJECT = "test.second-hop";
const CUSTOMER = "jan-novak-42";

describe("tracing to a collector", () => {
  let collector: OtlpReceiver;
  beforeEach(async () => {
    collector = await startOtlpReceiver();
  });
  afterEach(() => collector.stop());

  describe("over two processes", () => {
    const dir = mkdtempSync(join(tmpdir(), "segue-telemetry-"));
    let nats: NatsServer;
    let nc: NatsConnection;
    let second: Child;
    beforeEach(async () => {
      nats = await startNatsServer({ dataDir: join(dir, "nats") });
      nc = await connectNats({ url: nats.url, name: "first-hop" });
      const program = fileURLToPath(new URL("./second-hop.fixture.js", import.meta.url));
      second = startChild(process.execPath, [program, nats.url, collector.url, SUBJECT]);
      await eventually("the second process", () => second.tail().includes("ready"));
    });
    afterEach(async () => {
      await second.stop();
      await nc.close();
      await nats.child.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    it("is one trace with one root and no orphans, also when a header's name changed its case", async () => {
      const telemetry = startTelemetry({ service: "first-hop", endpoint: collector.url });
      await span("POST /v1/events", { kind: "server", parent: headerGetter({ host: "x" }) }, async () => {
        for (const name of ["traceparent", "Traceparent"]) {
          await span("publish bank", { kind: "producer" }, async (headers) => {
            const h = natsHeaders();
            h.set(name, headers["traceparent"]!);
            await nc.request(SUBJECT, CUSTOMER, { headers: h, timeout: 5_000 });
          });
        }
      });
      await telemetry.shutdown();
      nc.publish(SUBJECT, "stop");
      expect(await second.exited).toEqual({ code: 0, signal: null });

      const spans = collector.spans();
      expect(outline(spans)).toEqual([
        "first-hop server POST /v1/events",
        "  first-hop producer publish bank",
        "    second-hop consumer receive evt",
        "      second-hop internal decide",
        "  first-hop producer publish bank",
        "    second-hop consumer receive evt",
        "      second-hop internal decide",
      ]);
      expect(new Set(spans.map((s) => s.traceId)).size).toBe(1);
      expect(spans.find((s) => s.name === "receive evt")?.attributes).toEqual({ bytes: CUSTOMER.length });
      expect(collector.contains(CUSTOMER)).toBe(false);
    });
  });

  it("starts a new trace for a message without a parent, also inside of another span", async () => {
    const telemetry = startTelemetry({ service: "test", endpoint: collector.url });
    await span("outer", {}, () =>
      span("message", { parent: headerGetter(undefined) }, () => Promise.resolve()),
    );
    await telemetry.shutdown();
    expect(outline(collector.spans())).toEqual(["test internal message", "test internal outer"]);
  });

  it("marks a failed span with the error's class and code, and with nothing that it says", async () => {
    const telemetry = startTelemetry({ service: "test", endpoint: collector.url });
    const error = Object.assign(new RangeError(`${CUSTOMER} owes 100`), { code: "E_BALANCE" });
    await expect(span("send sms", { kind: "client" }, () => Promise.reject(error))).rejects.toBe(error);
    await expect(
      span("send push", {}, () => {
        throw error;
      }),
    ).rejects.toBe(error);
    await telemetry.shutdown();
    expect(collector.spans()).toHaveLength(2);
    for (const s of collector.spans()) {
      expect(s).toMatchObject({ statusCode: 2, attributes: { "error.type": "E_BALANCE" } });
      expect(s.events).toEqual([{ name: "exception", attributes: { "exception.type": "RangeError" } }]);
    }
    expect(collector.contains(CUSTOMER)).toBe(false);
  });

  it("follows the caller's sampling and hands its trace state on", async () => {
    const telemetry = startTelemetry({ service: "test", endpoint: collector.url, sampleRatio: 0 });
    const from = (flags: string): TraceHeaders => ({
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`,
      tracestate: "bank=7",
    });
    const next: Record<string, TraceHeaders> = {};
    for (const flags of ["00", "01"]) {
      await span(`called with ${flags}`, { parent: headerGetter(from(flags)) }, async (headers) => {
        next[flags] = headers;
      });
    }
    await span("root", {}, () => Promise.resolve());
    await telemetry.shutdown();
    expect(collector.spans()).toMatchObject([{ name: "called with 01", parentSpanId: "b7ad6b7169203331" }]);
    expect(next["00"]?.["traceparent"]).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
    expect(next["01"]).toEqual({
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-${collector.spans()[0]?.spanId}-01`,
      tracestate: "bank=7",
    });
  });

  it("writes the span's ids into the log, and is off again after the shutdown", async () => {
    const out: string[] = [];
    const log = createLogger({ service: "test", destination: { write: (line) => void out.push(line) } });
    const telemetry = startTelemetry({ service: "test", endpoint: collector.url });
    expect(() => startTelemetry({ service: "again", endpoint: collector.url })).toThrow(
      /tracing is on already/,
    );
    await span("decide", {}, async () => {
      await Promise.resolve();
      log.info("within");
    });
    await telemetry.shutdown();
    await span("decide", {}, async () => log.info("after"));
    const [within, after] = out.map((line) => JSON.parse(line) as Record<string, unknown>);
    const [received, ...more] = collector.spans();
    expect(within).toMatchObject({ trace_id: received?.traceId, span_id: received?.spanId });
    expect(after).not.toHaveProperty("trace_id");
    expect(more).toEqual([]);
  });
});

describe("a collector that is of no use", () => {
  it("holds up neither the work nor, for long, the shutdown, when it does not answer", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const telemetry = startTelemetry({ service: "test", endpoint: `http://127.0.0.1:${port}` });
    expect(await span("decide", {}, () => Promise.resolve(7))).toBe(7);
    const from = performance.now();
    await telemetry.shutdown();
    expect(performance.now() - from).toBeLessThan(4_000);
    silent.close();
    silent.closeAllConnections();
  });

  it("is logged when it refuses", async () => {
    const collector = await startOtlpReceiver();
    const warnings: string[] = [];
    const telemetry = startTelemetry({
      service: "test",
      endpoint: `${collector.url}/not-there`,
      log: { warn: (fields, message) => void warnings.push(`${message} ${JSON.stringify(fields)}`) },
    });
    await span("decide", {}, () => Promise.resolve());
    await telemetry.shutdown();
    await collector.stop();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^traces could not be delivered .*Not Found/);
  });
});

describe("what is loaded of OpenTelemetry", () => {
  it.each([
    ["nothing", "without an endpoint", undefined, 0],
    ["the SDK", "with one", "http://127.0.0.1:4318", 1],
  ])("is %s %s", (_what, _when, endpoint, atLeast) => {
    const telemetry = new URL("./index.js", import.meta.url).href;
    const program = `
      import { createRequire } from "node:module";
      import { startTelemetry } from ${JSON.stringify(telemetry)};
      startTelemetry({ service: "test", endpoint: ${JSON.stringify(endpoint)} });
      const loaded = Object.keys(createRequire(${JSON.stringify(telemetry)}).cache);
      process.stdout.write(String(loaded.filter((file) => file.includes("@opentelemetry")).length));`;
    const loaded = Number(
      execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }),
    );
    if (atLeast === 0) expect(loaded).toBe(0);
    else expect(loaded).toBeGreaterThanOrEqual(atLeast);
  });
});

/** The spans as an indented tree, by service, kind and name; a span whose parent was not received is marked. */
function outline(spans: readonly ReceivedSpan[]): string[] {
  const ids = new Set(spans.map((s) => s.spanId));
  const below = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter((s) => s.parentSpanId === parent)
      .map((s) => [`${indent}${s.service} ${s.kind} ${s.name}`, ...below(s.spanId, `${indent}  `)])
      .sort((a, b) => a.join("\n").localeCompare(b.join("\n")))
      .flat();
  const orphans = spans.filter((s) => s.parentSpanId !== undefined && !ids.has(s.parentSpanId));
  return [...below(undefined, ""), ...orphans.map((s) => `orphan ${s.service} ${s.name}`)];
}
