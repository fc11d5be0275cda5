/**
 * Listens to the questions that channels put to the gate, as evidence of its own that it was asked before each send (I5). At every
 * node of a cluster: a question that is answered at one node reaches the others only once their routes are up again.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { rpc } from "#contracts";

export interface GateAsked {
  readonly commandId: string;
  readonly attempt: number;
  /** Wall clock, epoch ms; where the reading was held up, when that began. */
  readonly wallMs: number;
}

/** While the tap was cut off, what was asked is not known. */
export interface Gap {
  readonly from: number;
  to: number;
}

/** What was under way when the connection broke was lost before it was noticed. */
const MARGIN_MS = 1_500;

/** The loop is looked at so often; a look that comes so much later was held up. */
const TICK_MS = 20;
const HELD_UP_MS = 100;
/** What is read so soon after a stall may have waited in it. */
const AFTER_STALL_MS = 250;

export class GateTap {
  readonly asked: GateAsked[] = [];
  readonly gaps: Gap[] = [];

  readonly #connections: NatsConnection[] = [];
  #looked = Date.now();
  #stall: Gap | undefined;
  readonly #looking = setInterval(() => {
    const now = Date.now();
    if (now - this.#looked > HELD_UP_MS) this.#stall = { from: this.#looked, to: now };
    this.#looked = now;
  }, TICK_MS);

  /** `urls`: of the nodes. */
  static async start(urls: readonly string[]): Promise<GateTap> {
    const tap = new GateTap();
    for (const servers of urls) {
      const nc = await connect({
        servers,
        name: "gate-tap",
        // To this node and no other.
        ignoreClusterUpdates: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
        waitOnFirstConnect: true,
      });
      nc.subscribe(rpc.gate, { callback: (error, m) => void (error === null && tap.#take(m.string())) });
      await nc.flush();
      void tap.#watch(nc);
      tap.#connections.push(nc);
    }
    return tap;
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking);
    await Promise.all(this.#connections.map((nc) => nc.close()));
  }

  async #watch(nc: NatsConnection): Promise<void> {
    let gap: Gap | undefined;
    for await (const { type } of nc.status()) {
      const now = Date.now();
      if (type === "disconnect") this.gaps.push((gap = { from: now - MARGIN_MS, to: Infinity }));
      if (type === "reconnect" && gap) gap.to = now + MARGIN_MS;
    }
  }

  /** When what is read now was asked at the earliest: this process, too, is held up while much is started around it. */
  #earliest(): number {
    const now = Date.now();
    if (now - this.#looked > HELD_UP_MS) return this.#looked;
    return this.#stall && now - this.#stall.to < AFTER_STALL_MS ? this.#stall.from : now;
  }

  #take(text: string): void {
    const wallMs = this.#earliest();
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return;
    }
    for (const { commandId, attempt } of requestsIn(body)) this.asked.push({ commandId, attempt, wallMs });
  }
}

/** Gate requests anywhere in a message: alone, in an envelope, or several in one. */
function* requestsIn(value: unknown): Generator<{ commandId: string; attempt: number }> {
  if (typeof value !== "object" || value === null) return;
  const { commandId, attempt } = value as { commandId?: unknown; attempt?: unknown };
  if (typeof commandId === "string" && typeof attempt === "number") yield { commandId, attempt };
  for (const inner of Object.values(value)) yield* requestsIn(inner);
}
