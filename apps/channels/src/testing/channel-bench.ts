/** What the channel tests share: real NATS, a gate, a way to order commands and to read what became of them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import {
  commandId,
  outcomeV1,
  isTerminal,
  subjects,
  type Channel,
  type CloudEvent,
  type Command,
  type Outcome,
} from "#contracts";
import { Publisher } from "#messaging";
import type { Service } from "#service";
import { createLogger } from "#telemetry";
import { eventually, startServers, type TestServers } from "#testing";
import { startChannels } from "../channels.app.js";
import { readConfig } from "../config.js";
import type { LedgerLine } from "../sandbox/sandbox-ledger.js";
import { TestGate } from "./policy-gate.responder.js";

export interface StoredOutcome {
  readonly event: CloudEvent;
  readonly outcome: Outcome;
  readonly header: (name: string) => string;
}

export class ChannelBench {
  readonly ledgerFile: string;
  readonly publisher: Publisher;
  #n = 0;

  private constructor(
    readonly servers: TestServers,
    readonly gate: TestGate,
  ) {
    this.ledgerFile = join(servers.dir, "ledger.jsonl");
    this.publisher = new Publisher(servers.nc);
  }

  static async open(): Promise<ChannelBench> {
    const servers = await startServers();
    return new ChannelBench(servers, new TestGate(servers.nc));
  }

  /** Environment of a channels process on these servers. */
  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      NATS_URL: this.servers.nats.url,
      SANDBOX_LEDGER: this.ledgerFile,
      LOG_LEVEL: "silent",
      GATE_INSIST_MS: "500",
      ...more,
    };
  }

  start(more: Readonly<Record<string, string>> = {}): Promise<Service> {
    return startChannels(readConfig(this.env(more)), createLogger({ service: "channels", level: "silent" }));
  }

  command(channels: readonly Channel[], more: Partial<Command> = {}): Command {
    const customerId = more.customerId ?? `cust-${++this.#n}`;
    const decisionId = `${customerId}.1.0`;
    const now = Date.now();
    return {
      commandId: commandId(decisionId),
      decisionId,
      reservationId: decisionId,
      customerId,
      action: "savings-offer",
      purpose: "marketing",
      journey: { id: "balance-leaving", version: 1, instance: "balance-leaving-1", step: "offer" },
      plan: channels.map((channel) => ({
        channel,
        title: "Hello",
        body: "You moved 120",
        receiptTimeoutMs: 60_000,
      })),
      attempt: 0,
      tried: [],
      parameters: { rate: 4 },
      event: { type: "transfer.sent", time: now, data: { amount: 120 } },
      at: now,
      expiresAt: now + 600_000,
      ...more,
    };
  }

  async order(command: Command, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const channel = command.plan[command.attempt]!.channel;
    await this.publisher.publish(subjects.cmd(channel, command.customerId), JSON.stringify(command), {
      msgId: `${command.commandId}:${command.attempt}`,
      headers,
    });
  }

  /** All outcomes of the command so far, in stream order. */
  async outcomes(command: Command): Promise<StoredOutcome[]> {
    const jsm = await jetstreamManager(this.servers.nc);
    const out: StoredOutcome[] = [];
    try {
      const subject = subjects.outcomesOfCustomer(command.customerId);
      for await (const m of await jsm.direct.getBatch("EVT", { seq: 1, batch: 100, next_by_subj: subject })) {
        const event = m.json<CloudEvent>();
        const outcome = outcomeV1.parse(event.data);
        if (outcome.commandId === command.commandId)
          out.push({ event, outcome, header: (name) => m.header.get(name) });
      }
    } catch {
      // None yet.
    }
    return out;
  }

  /** The command's one terminal outcome, once it is there; throws when there is more than one (I8). */
  async ended(command: Command, timeoutMs?: number): Promise<StoredOutcome> {
    const all = await eventually(
      `a terminal outcome of ${command.commandId}`,
      async () => {
        const terminal = (await this.outcomes(command)).filter((o) => isTerminal(o.outcome.kind));
        return terminal.length > 0 ? terminal : undefined;
      },
      timeoutMs,
    );
    if (all.length !== 1)
      throw new Error(`${all.length} terminal outcomes: ${all.map((o) => o.outcome.kind).join(", ")}`);
    return all[0]!;
  }

  /** What the sandbox's providers have received for the command. */
  ledger(command: Command): LedgerLine[] {
    if (!existsSync(this.ledgerFile)) return [];
    return readFileSync(this.ledgerFile, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LedgerLine)
      .filter((line) => line.commandId === command.commandId);
  }

  /** True when no channel has a command waiting or in hand. */
  async idle(...channels: readonly Channel[]): Promise<true | undefined> {
    const jsm = await jetstreamManager(this.servers.nc);
    for (const channel of channels) {
      const info = await jsm.consumers.info("CMD", `channel-${channel}`);
      if (info.num_pending > 0 || info.num_ack_pending > 0) return undefined;
    }
    return true;
  }

  async close(): Promise<void> {
    this.gate.stop();
    await this.servers.stop();
  }
}
