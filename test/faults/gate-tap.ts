/** Listens to the questions that channels put to the gate, as evidence of its own that it was asked before each send (I5). */
import type { NatsConnection } from "@nats-io/nats-core";
import { rpc } from "#contracts";

export interface GateAsked {
  readonly commandId: string;
  readonly attempt: number;
  /** Wall clock, epoch ms. */
  readonly wallMs: number;
}

/** While the tap was cut off, what was asked is not known. */
export interface Gap {
  readonly from: number;
  to: number;
}

/** What was under way when the connection broke was lost before it was noticed. */
const MARGIN_MS = 1_500;

export class GateTap {
  readonly asked: GateAsked[] = [];
  readonly gaps: Gap[] = [];

  static start(nc: NatsConnection): GateTap {
    const tap = new GateTap();
    nc.subscribe(rpc.gate, { callback: (error, m) => void (error === null && tap.#take(m.string())) });
    void tap.#watch(nc);
    return tap;
  }

  async #watch(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      const now = Date.now();
      if (type === "disconnect") this.gaps.push({ from: now - MARGIN_MS, to: Infinity });
      const gap = this.gaps.at(-1);
      if (type === "reconnect" && gap?.to === Infinity) gap.to = now + MARGIN_MS;
    }
  }

  #take(text: string): void {
    const wallMs = Date.now();
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
