/** A gateway on a free port against a real nats-server, for the integration tests. */
import { startServers, type TestServers } from "#testing";
import { createLogger } from "#telemetry";
import { readConfig } from "../config.js";
import { startGateway, type Gateway } from "../gateway.js";

export interface GatewayUnderTest {
  readonly gateway: Gateway;
  readonly servers: TestServers;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json<T = Record<string, unknown>>(): T;
}

export async function startGatewayUnderTest(env: Readonly<Record<string, string>> = {}): Promise<GatewayUnderTest> {
  const servers = await startServers();
  const config = readConfig({ PORT: "0", NATS_URL: servers.nats.url, ...env });
  const gateway = await startGateway({ config, log: createLogger({ service: "gateway", level: "silent" }), version: "0.0.0-test" });
  const request = (method: string, path: string, options?: RequestOptions): Promise<Answer> => send(gateway.address + path, method, options);
  const until = Date.now() + 10_000;
  while ((await request("GET", "/health/ready")).status !== 200) {
    if (Date.now() > until) throw new Error("waited 10 s for: the gateway ready");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    gateway,
    servers,
    request,
    async stop() {
      await gateway.stop();
      await servers.stop();
    },
  };
}

export async function send(url: string, method: string, { headers = {}, body }: RequestOptions = {}): Promise<Answer> {
  const raw = body === undefined ? {} : { body: typeof body === "string" || body instanceof Uint8Array ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) };
  const response = await fetch(url, { method, headers, redirect: "manual", ...raw });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
}

export const CLOUD_EVENT = { "content-type": "application/cloudevents+json" } as const;
export const CLOUD_EVENTS = { "content-type": "application/cloudevents-batch+json" } as const;
export const JSON_BODY = { "content-type": "application/json" } as const;

/** A valid event; each call has an id of its own. */
export function anEvent(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { specversion: "1.0", id: `e-${++sequence}`, source: "core", type: "account.debited", subject: "c1", data: { amountMinor: 100 }, ...over };
}
let sequence = 0;
