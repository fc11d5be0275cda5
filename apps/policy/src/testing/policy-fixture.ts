/** A policy service on real servers, and the calls that tests make to it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  commandId,
  evaluateRunReplyV1,
  gateReplyV1,
  isContact,
  outcomeEventId,
  rpc,
  subjects,
  type AuditEntry,
  type Channel,
  type CommandEntry,
  type EvaluateReply,
  type EvaluateRequest,
  type GateReply,
  type GateRequest,
  type Outcome,
  type Profile,
} from "#contracts";
import { emptyContext } from "#domain";
import { Publisher, RpcClient } from "#messaging";
import type { Service } from "#service";
import { createLogger } from "#telemetry";
import { startServers, type TestServers } from "#testing";
import { startPolicy } from "../start.js";

export const PACK = `
kind: PolicyPack
id: house
version: 2
description: for tests
source: test
rules:
  - purpose: marketing
    consent: required
    blockedBy: [fraud, hardship, complaint, deceased, opt-out]
    quietHours: { from: "21:00", to: "08:00" }
    caps: [{ count: 3, period: 7d }, { count: 1, period: 1d, channel: sms }]
  - { purpose: service, consent: not-refused, blockedBy: [deceased, opt-out] }
  - purpose: collections
    consent: not-refused
    blockedBy: [fraud]
    quietHours: { from: "20:00", to: "08:00" }
`;
const EVENT = { id: "e", source: "core", type: "t.t" };
export const DAY = 86_400_000;
export const NOON = Date.parse("2026-07-01T12:00:00Z");
const CONTACT_CHANNELS: readonly Channel[] = ["push", "sms", "email"];

/** Consents to marketing on push, sms and email, in Prague. */
export const consenting = (seq = 0): Profile => ({
  seq,
  timezone: "Europe/Prague",
  consents: Object.fromEntries(CONTACT_CHANNELS.map((c) => [`marketing.${c}`, true])),
  holds: [],
});

/** A request of which the rest is usual. */
export type Asked = Partial<EvaluateRequest> & { decisionId: string; customerId: string };

export interface PolicyFixture {
  readonly servers: TestServers;
  /** Starts one more instance of the service; stopped with the rest. */
  start(): Promise<Service>;
  /** Stops every instance, does this, and starts one again. */
  restart(whileDown: () => Promise<unknown>): Promise<void>;
  /** Asks as the decision service does, and orders what was chosen as the actor does: into the ledger. */
  evaluate(request: Asked): Promise<EvaluateReply>;
  /** Asks about several decisions of one customer at once; nothing is committed. */
  reserveRun(requests: readonly Asked[]): Promise<readonly EvaluateReply[]>;
  /** Asks only: nothing is committed. */
  reserve(request: Asked): Promise<EvaluateReply>;
  /** Writes what was chosen into the ledger. */
  commit(request: Asked, reply: EvaluateReply): Promise<void>;
  /** Writes an entry into the ledger, as the actor does. */
  ledger(customer: string, entry: AuditEntry): Promise<void>;
  /** Writes a context that has taken in all events up to this one. */
  context(customer: string, watermark: number): Promise<void>;
  gate(request: Partial<GateRequest> & { customerId: string; decisionId: string }): Promise<GateReply>;
  /** Resolves with the EVT sequence once the event is acknowledged. */
  event(customer: string, type: string, data: Record<string, unknown>, id?: string): Promise<number>;
  outcome(
    customer: string,
    decisionId: string,
    outcome: Pick<Outcome, "kind"> & Partial<Outcome>,
  ): Promise<number>;
  /** Registers a customer who consents; answers the profile that the context would hold. */
  register(customer: string): Promise<Profile>;
  stop(): Promise<void>;
}

/** The entry that the actor writes into its audit for what policy let it order; none when that was nothing. */
export function commandEntries(request: EvaluateRequest, reply: EvaluateReply): readonly CommandEntry[] {
  const { chosen } = reply;
  const option = request.options.find((o) => o.action === chosen?.action);
  if (!chosen || !option) return [];
  return [
    {
      kind: "command",
      commandId: commandId(request.decisionId),
      reservationId: request.decisionId,
      action: chosen.action,
      purpose: option.purpose,
      channel: chosen.channels[0]!,
      channels: chosen.channels,
      journey: request.journey ?? "j",
      at: request.at,
      counts: chosen.channels.some(isContact),
      urgent: option.urgent,
      ...(request.cap ? { cap: request.cap } : {}),
      ...(request.about ? { about: request.about } : {}),
    },
  ];
}

export async function startFixture(pack = PACK): Promise<PolicyFixture> {
  const servers = await startServers();
  mkdirSync(join(servers.dir, "policies"), { recursive: true });
  writeFileSync(join(servers.dir, "policies", "pack.yaml"), pack);
  const config = { natsUrl: servers.nats.url, redisUrl: servers.redis.url, definitionsDir: servers.dir };
  const log = createLogger({ service: "policy-test", level: "fatal" });
  const services: Service[] = [];
  const client = new RpcClient(servers.nc);
  const publisher = new Publisher(servers.nc);
  let events = 0;

  const event: PolicyFixture["event"] = async (customer, type, data, id = `e-${++events}`) => {
    const source = type.startsWith("outcome.") ? "segue" : "core";
    const body = {
      specversion: "1.0",
      id,
      source,
      type,
      subject: customer,
      time: new Date(NOON).toISOString(),
      data,
    };
    const subject =
      source === "segue" ? subjects.evt(customer, source, type) : subjects.bank(source, customer, type);
    // Past the stream's own window of message ids, as a publisher that repeats itself minutes later would be.
    const result = await publisher.publish(subject, JSON.stringify(body), { msgId: `${id}:${++events}` });
    if (result.kind !== "written") throw new Error("not written");
    return result.seq;
  };
  const start = async (): Promise<Service> => {
    const service = await startPolicy(config, log);
    services.push(service);
    return service;
  };
  const full = (request: Asked): EvaluateRequest => ({
    at: NOON,
    options: [{ action: "offer", purpose: "marketing", channels: ["push", "sms", "email"], urgent: false }],
    profile: consenting(),
    ...request,
  });
  const reserveRun: PolicyFixture["reserveRun"] = async (requests) => {
    const reply = await client.call(rpc.evaluate, { requests: requests.map(full) }, { timeoutMs: 8_000 });
    return evaluateRunReplyV1.parse(reply).replies;
  };
  const reserve: PolicyFixture["reserve"] = async (request) => (await reserveRun([request]))[0]!;
  const commit: PolicyFixture["commit"] = async (request, reply) => {
    const { decisionId, customerId, at } = full(request);
    const entries = commandEntries(full(request), reply);
    if (entries.length > 0) await audit(customerId, at, entries, `${decisionId}:a`);
  };
  const audit = async (
    customerId: string,
    at: number,
    entries: readonly AuditEntry[],
    msgId: string,
  ): Promise<void> => {
    const record = { v: 1, customerId, n: 1, prev: "", hash: "-", at, event: { ...EVENT, time: at } };
    const body = JSON.stringify({ records: [{ ...record, entries }] });
    await publisher.publish(subjects.audit(customerId, "contact"), body, { msgId });
  };
  await start();
  return {
    servers,
    start,
    async restart(whileDown) {
      await Promise.all(services.splice(0).map((s) => s.stop()));
      await whileDown();
      await start();
    },
    event,
    reserveRun,
    reserve,
    commit,
    ledger: (customer, entry) => audit(customer, NOON, [entry], `ledger:${++events}`),
    async context(customer, watermark) {
      const snapshot = { ...emptyContext(customer), watermark };
      await publisher.publish(subjects.ctx(customer), JSON.stringify(snapshot), { msgId: `ctx:${++events}` });
    },
    async evaluate(request) {
      const reply = await reserve(request);
      await commit(request, reply);
      return reply;
    },
    async gate({ decisionId, ...request }) {
      const full = {
        commandId: commandId(decisionId),
        reservationId: decisionId,
        action: "offer",
        purpose: "marketing",
        channel: "push",
        attempt: 0,
        at: NOON,
        delivery: "CMD:1:1",
        redelivered: false,
        publishedAt: Date.now(),
        ...request,
      };
      return gateReplyV1.parse(await client.call(rpc.gate, full, { timeoutMs: 8_000 }));
    },
    outcome(customer, decisionId, outcome) {
      const data = {
        commandId: commandId(decisionId),
        decisionId,
        reservationId: decisionId,
        action: "offer",
        channel: "push",
        tried: [],
        reason: "test",
        ...outcome,
      };
      return event(customer, `outcome.${outcome.kind}`, data, outcomeEventId(data.commandId, outcome.kind));
    },
    async register(customer) {
      const consents = CONTACT_CHANNELS.map((channel) => ({ purpose: "marketing", channel, granted: true }));
      return consenting(
        await event(customer, "customer.registered", { timezone: "Europe/Prague", consents }),
      );
    },
    async stop() {
      await Promise.all(services.map((s) => s.stop()));
      await servers.stop();
    },
  };
}
