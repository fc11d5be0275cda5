import { fileURLToPath } from "node:url";
import { freePort, startChild, type Child } from "#embedded";
import { eventually, startServers, type TestServers } from "#testing";
import { anEvent, CLOUD_EVENT, send } from "./testing/gateway-under-test.js";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

describe("the gateway as a process", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => servers.stop());

  const start = (env: Record<string, string>): Child =>
    startChild(process.execPath, [MAIN], { env: { PATH: process.env["PATH"] ?? "", ...env } });

  it("serves, and ends with status 0 on SIGTERM", async () => {
    const port = await freePort();
    const child = start({ PORT: String(port), NATS_URL: servers.nats.url });
    try {
      const address = `http://127.0.0.1:${port}`;
      await eventually("the gateway ready", () =>
        send(`${address}/health/ready`, "GET").then(
          (a) => a.status === 200,
          () => false,
        ),
      );
      expect(
        (
          await send(`${address}/v1/events`, "POST", {
            headers: CLOUD_EVENT,
            body: anEvent({ subject: "cust-42" }),
          })
        ).status,
      ).toBe(202);
      const openApi = (await send(`${address}/docs/openapi.json`, "GET")).json<{
        info: { version: string };
      }>();
      expect(openApi.info.version).toMatch(/^\d+\.\d+\.\d+$/);
      const stopping = Date.now();
      child.process.kill("SIGTERM");
      expect(await child.exited).toEqual({ code: 0, signal: null });
      expect(Date.now() - stopping).toBeLessThan(10_000);
      expect(child.tail()).not.toContain("cust-42");
    } finally {
      await child.kill();
    }
  });

  it("says what is wrong with its settings or its port, and ends with status 1", async () => {
    const wrong = start({ PORT: "eighty" });
    expect((await wrong.exited).code).toBe(1);
    expect(wrong.tail()).toContain("PORT: a whole number");
    const taken = start({ PORT: String(servers.nats.port), NATS_URL: servers.nats.url });
    expect((await taken.exited).code).toBe(1);
    expect(taken.tail()).toContain("EADDRINUSE");
  });
});
