import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import type { EventsAccepted, Problem } from "#contracts";
import { freePort, startNatsServer } from "#embedded";
import { connectNats, provision } from "#messaging";
import { createLogger } from "#telemetry";
import { eventually, pause, resume } from "#testing";
import { readConfig } from "./config.js";
import { startGateway, type Gateway } from "./gateway.js";
import {
  anEvent,
  CLOUD_EVENT,
  CLOUD_EVENTS,
  send,
  startGatewayUnderTest,
  type Answer,
} from "./testing/gateway-under-test.js";

const log = createLogger({ service: "gateway", level: "silent" });
const post = (g: Gateway, body: unknown, headers: Record<string, string> = CLOUD_EVENT): Promise<Answer> =>
  send(`${g.address}/v1/events`, "POST", { headers, body });
const status = async (g: Gateway, path: string): Promise<number> =>
  (await send(g.address + path, "GET")).status;

describe("while NATS is away", () => {
  it("answers 503 with Retry-After, and takes the same event once the server is back (I1)", async () => {
    const t = await startGatewayUnderTest({ PUBLISH_GIVE_UP: "200ms" });
    try {
      const event = anEvent();
      // Frozen, so that the connection looks alive: only the missing acknowledgement tells.
      await pause(t.servers.nats.child);
      const refused = await post(t.gateway, event);
      expect([refused.status, refused.json<Problem>().type, refused.headers.get("retry-after")]).toEqual([
        503,
        "/problems/stream-away",
        "2",
      ]);
      expect(refused.json()).toMatchObject({ events: [{ id: event["id"], stored: "unknown" }] });
      expect((await send(`${t.gateway.address}/v1/customers/c1`, "GET")).status).toBe(503);

      resume(t.servers.nats.child);
      const answer = await eventually("the event accepted", async () => {
        const a = await post(t.gateway, event);
        return a.status === 202 && a;
      });
      const { seq } = answer.json<EventsAccepted>().events[0]!;
      const jsm = await jetstreamManager(t.servers.nc);
      expect((await jsm.streams.getMessage("EVT", { seq }))?.json()).toMatchObject({ id: event["id"] });
      // What was sent while frozen and what was sent again are one.
      expect((await jsm.streams.info("EVT")).state.messages).toBe(1);
    } finally {
      resume(t.servers.nats.child);
      await t.stop();
    }
  });

  it("says per event of a batch what is stored, and keeps a customer's order", async () => {
    const t = await startGatewayUnderTest({ PUBLISH_GIVE_UP: "200ms" });
    try {
      await pause(t.servers.nats.child);
      const batch = [anEvent({ subject: "a" }), anEvent({ subject: "b" }), anEvent({ subject: "a" })];
      const refused = await post(t.gateway, batch, CLOUD_EVENTS);
      expect(refused.status).toBe(503);
      expect(refused.json<{ events: { stored: string }[] }>().events.map((e) => e.stored)).toEqual([
        "unknown",
        "unknown",
        "not-sent",
      ]);
    } finally {
      resume(t.servers.nats.child);
      await t.stop();
    }
  });

  it("starts before NATS does, refuses at once, is not ready, and then works; a restart of NATS in between is survived", async () => {
    const dir = mkdtempSync(join(tmpdir(), "segue-gateway-"));
    const port = await freePort();
    const gateway = await startGateway({
      config: readConfig({ PORT: "0", NATS_URL: `nats://127.0.0.1:${port}` }),
      log,
      version: "0",
    });
    let nats: Awaited<ReturnType<typeof startNatsServer>> | undefined;
    try {
      expect([await status(gateway, "/health/live"), await status(gateway, "/health/ready")]).toEqual([
        200, 503,
      ]);
      const started = Date.now();
      expect((await post(gateway, anEvent())).status).toBe(503);
      expect(Date.now() - started).toBeLessThan(1_000);

      nats = await startNatsServer({ dataDir: dir, port });
      await eventually("connected, without streams", async () =>
        (await send(`${gateway.address}/health/ready`, "GET")).text.includes('"nats":true,"streams":false'),
      );
      const nc = await connectNats({ url: nats.url, name: "test" });
      await provision(nc);
      await nc.close();
      await eventually("ready", async () => (await status(gateway, "/health/ready")) === 200);
      const event = anEvent();
      expect((await post(gateway, event)).status).toBe(202);

      await nats.child.kill();
      await eventually("not ready", async () => (await status(gateway, "/health/ready")) === 503);
      expect((await send(`${gateway.address}/metrics`, "GET")).text).toContain(
        "segue_gateway_nats_connected 0",
      );
      expect((await post(gateway, anEvent())).status).toBe(503);
      nats = await startNatsServer({ dataDir: dir, port });
      await eventually("ready again", async () => (await status(gateway, "/health/ready")) === 200);
      expect((await post(gateway, event)).json<EventsAccepted>()).toMatchObject({
        accepted: 1,
        duplicates: 1,
      });
    } finally {
      await gateway.stop();
      await nats?.child.kill();
      rmSync(dir, { recursive: true, force: true });
    }
  }, 30_000);

  it("refuses at once when too many events wait for the stream", async () => {
    const t = await startGatewayUnderTest({ PUBLISH_GIVE_UP: "200ms", MAX_IN_FLIGHT_EVENTS: "2" });
    try {
      await pause(t.servers.nats.child);
      const waiting = [post(t.gateway, anEvent()), post(t.gateway, anEvent())];
      await eventually("two in flight", async () =>
        (await send(`${t.gateway.address}/metrics`, "GET")).text.includes("events_in_flight 2\n"),
      );
      const refused = await post(t.gateway, anEvent());
      expect([refused.status, refused.json<Problem>().type]).toEqual([503, "/problems/busy"]);
      expect((await Promise.all(waiting)).map((a) => a.status)).toEqual([503, 503]);
    } finally {
      resume(t.servers.nats.child);
      await t.stop();
    }
  });

  it("does not wait for ever for a client that sends its body slowly", async () => {
    const t = await startGatewayUnderTest();
    const { port } = new URL(t.gateway.address);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await eventually("the connection open", () => !socket.connecting);
    const started = Date.now();
    await t.gateway.stop();
    expect(Date.now() - started).toBeLessThan(9_000);
    await closed;
    await t.servers.stop();
  });

  it("finishes a request under way before it stops", async () => {
    const t = await startGatewayUnderTest({ PUBLISH_GIVE_UP: "3s" });
    await pause(t.servers.nats.child);
    const underWay = post(t.gateway, anEvent());
    await eventually("one in flight", async () =>
      (await send(`${t.gateway.address}/metrics`, "GET")).text.includes("events_in_flight 1\n"),
    );
    const stopped = t.gateway.stop();
    expect(t.gateway.ready()).toBe(false);
    resume(t.servers.nats.child);
    expect((await underWay).status).toBe(202);
    await stopped;
    await expect(post(t.gateway, anEvent())).rejects.toThrow("fetch failed");
    await t.servers.stop();
  });
});
