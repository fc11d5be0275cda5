/** The whole system as real processes on real servers, for tests. */
import { mkdtempSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import {
  commandV1,
  contextV1,
  isTerminal,
  outcomeV1,
  sourceToken,
  subjects,
  type CloudEvent,
  type Command,
  type Context,
  type Outcome,
} from "#contracts";
import { Publisher } from "#messaging";
import {
  eventually,
  launchService,
  startServers,
  untilReady,
  type RunningService,
  type ServiceName,
  type TestServers,
} from "#testing";

export interface SystemOptions {
  /** context-actor instances; default 1. */
  readonly actors?: number;
  /** Environment of single services, or of all (`*`). */
  readonly env?: Readonly<Partial<Record<ServiceName | "*", Readonly<Record<string, string>>>>>;
  /** Default: all five. */
  readonly services?: readonly ServiceName[];
  /** `SEGUE_CLOCK`; default the wall's. */
  readonly clock?: string;
  /** Sandbox profile overrides, per channel. */
  readonly sandbox?: object;
}

/** A sandbox whose customers do nothing, so that no response races an event. */
export const SILENT_CUSTOMERS = Object.fromEntries(
  ["push", "sms", "email", "atm", "ivr", "agent"].map((c) => [
    c,
    { opened: 0, clicked: 0, converted: 0, declined: 0 },
  ]),
);

export class System {
  readonly actors = new Map<string, RunningService>();
  readonly services = new Map<ServiceName, RunningService>();
  readonly publisher: Publisher;
  /** Latest context per customer, as committed. */
  readonly contexts = new Map<string, Context>();
  readonly ledgerFile: string;
  #n = 0;

  private constructor(
    readonly servers: TestServers,
    readonly jsm: JetStreamManager,
    readonly options: SystemOptions,
  ) {
    this.publisher = new Publisher(servers.nc);
    this.ledgerFile = join(servers.dir, "providers.ndjson");
  }

  static async start(options: SystemOptions = {}): Promise<System> {
    const servers = await startServers();
    const system = new System(servers, await jetstreamManager(servers.nc), options);
    try {
      await system.#startServices();
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  async #startServices(): Promise<void> {
    const names =
      this.options.services ?? (["gateway", "decision", "policy", "channels", "context-actor"] as const);
    await this.#follow();
    const launched: RunningService[] = [];
    for (const name of names) {
      if (name === "context-actor") {
        for (let i = 0; i < (this.options.actors ?? 1); i++)
          launched.push(await this.launchActor(`actor-${i}`));
      } else {
        const service = await this.launch(name);
        this.services.set(name, service);
        launched.push(service);
      }
    }
    await Promise.all(launched.filter((s) => s.name !== "context-actor").map((s) => untilReady(s, 30_000)));
    await eventually(
      "a context actor to be ready",
      async () => {
        const up = await Promise.all(
          [...this.actors.values()].map((a) =>
            fetch(`${a.url}/health/ready`).then(
              (r) => r.ok,
              () => false,
            ),
          ),
        );
        return up.length === 0 || up.some(Boolean);
      },
      30_000,
    );
  }

  launch(name: ServiceName, env: Readonly<Record<string, string>> = {}): Promise<RunningService> {
    const { clock, sandbox } = this.options;
    let profile: Record<string, string> = {};
    if (name === "channels") {
      const file = join(this.servers.dir, "sandbox.yaml");
      if (!existsSync(file)) writeFileSync(file, JSON.stringify(sandbox ?? {}));
      profile = { SANDBOX_LEDGER: this.ledgerFile, ...(sandbox ? { SANDBOX_PROFILE: file } : {}) };
    }
    return launchService(name, {
      natsUrl: this.servers.nats.url,
      redisUrl: this.servers.redis.url,
      env: {
        ...(clock ? { SEGUE_CLOCK: clock } : {}),
        ...profile,
        ...this.options.env?.["*"],
        ...this.options.env?.[name],
        ...env,
      },
    });
  }

  async launchActor(id: string): Promise<RunningService> {
    const actor = await this.launch("context-actor", { INSTANCE_ID: id });
    this.actors.set(id, actor);
    return actor;
  }

  async killActor(id: string): Promise<void> {
    const actor = this.actors.get(id);
    this.actors.delete(id);
    await actor?.child.kill();
  }

  get gateway(): string {
    return this.services.get("gateway")!.url;
  }

  /** Publishes an event as a bank system would; resolves with its EVT sequence. */
  async publish(event: CloudEvent, msgId = `${event.source}:${event.id}:${this.#n++}`): Promise<number> {
    const subject = subjects.bank(sourceToken(event.source), event.subject, event.type);
    const r = await this.publisher.publish(subject, JSON.stringify(event), { msgId });
    if (r.kind !== "written") throw new Error("conflict");
    return r.seq;
  }

  /** A new event of a customer, now. */
  event(
    customerId: string,
    type: string,
    data: Record<string, unknown> = {},
    more: Partial<CloudEvent> = {},
  ): CloudEvent {
    return {
      specversion: "1.0",
      id: `e${++this.#n}`,
      source: "core",
      type,
      subject: customerId,
      time: new Date().toISOString(),
      data,
      ...more,
    };
  }

  /** Resolves with the context once the event is handled and every command so far has its terminal outcome. */
  async settled(customerId: string, seq: number, timeoutMs = 30_000): Promise<Context> {
    const settled = eventually(
      `customer ${customerId} to settle after event ${seq}`,
      () => {
        const c = this.contexts.get(customerId);
        return c && c.watermark >= seq && c.contacts.every((x) => x.outcome !== undefined) ? c : undefined;
      },
      timeoutMs,
    );
    return settled.catch((error: unknown) => {
      const c = this.contexts.get(customerId);
      const open = c?.contacts
        .filter((x) => x.outcome === undefined)
        .map((x) => `${x.commandId} (${x.channel})`);
      throw new Error(
        `${(error as Error).message}; watermark ${c?.watermark}, open commands: ${open?.join(", ") || "none"}`,
      );
    });
  }

  async #follow(): Promise<void> {
    const consumer = await jetstream(this.servers.nc).consumers.get("CTX", {
      filter_subjects: [subjects.ctxAll],
    });
    await consumer.consume({
      // Left to itself the client notices after half a minute that its consumer has died with the server.
      idle_heartbeat: 1_000,
      callback: (m) => {
        const c = m.json<Context>();
        this.contexts.set(c.customerId, c);
      },
    });
  }

  /** Every message of a stream under a filter, in order. */
  async messages(
    stream: string,
    filter: string,
  ): Promise<
    Array<{ subject: string; seq: number; time: number; body: unknown; header: (name: string) => string }>
  > {
    const found = [];
    const info = await this.jsm.streams.info(stream, { subjects_filter: filter });
    const expected = Object.values(info.state.subjects ?? {}).reduce((a, b) => a + b, 0);
    if (expected === 0) return [];
    const consumer = await jetstream(this.servers.nc).consumers.get(stream, { filter_subjects: [filter] });
    const messages = await consumer.consume({ max_messages: 500 });
    for await (const m of messages) {
      const text = m.string();
      let body: unknown = text;
      try {
        body = JSON.parse(text);
      } catch {
        // Not JSON: the text itself.
      }
      found.push({
        subject: m.subject,
        seq: m.seq,
        time: m.time.getTime(),
        body,
        header: (name: string) => m.headers?.get(name) ?? "",
      });
      if (m.info.pending === 0) break;
    }
    messages.stop();
    return found;
  }

  /** Commands as first ordered (attempt 0), by id; a command that stands twice in the stream counts once. */
  async commands(): Promise<Map<string, Command>> {
    const all = (await this.messages("CMD", "cmd.>")).map((m) => commandV1.parse(m.body));
    return new Map(all.filter((c) => c.attempt === 0).map((c) => [c.commandId, c]));
  }

  /** Terminal outcomes per command id, one for each event in EVT. */
  async outcomes(): Promise<Map<string, Outcome[]>> {
    const byCommand = new Map<string, Outcome[]>();
    for (const m of await this.messages("EVT", "evt.*.*.segue.outcome.>")) {
      const outcome = outcomeV1.parse((m.body as CloudEvent).data);
      if (!isTerminal(outcome.kind)) continue;
      byCommand.set(outcome.commandId, [...(byCommand.get(outcome.commandId) ?? []), outcome]);
    }
    return byCommand;
  }

  /** What the sandbox's providers received: an account of its own beside the streams. */
  providerCalls(): Array<{ commandId: string; attempt: number; channel: string }> {
    if (!existsSync(this.ledgerFile)) return [];
    return readFileSync(this.ledgerFile, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { commandId: string; attempt: number; channel: string });
  }

  contextOf(customerId: string): Context | undefined {
    return this.contexts.get(customerId);
  }

  parsedContexts(): Map<string, Context> {
    return new Map([...this.contexts].map(([id, c]) => [id, contextV1.parse(c)]));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.actors.values(), ...this.services.values()].map((s) => s.child.stop()));
    await this.servers.stop();
  }
}

/** A folder that the test may fill; removed with the machine's temporary files. */
export function scratch(name: string): string {
  return mkdtempSync(join(tmpdir(), `segue-${name}-`));
}
