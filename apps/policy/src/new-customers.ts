/**
 * Which customers may enter the index straight from the request, without reading EVT and AUDIT.
 *
 * Nothing was ever ordered: the context says so, and all that came after what it has committed (`watermark`) is younger
 * than this generation of the index, in which any reservation would have left an entry. A zombie's context may be old,
 * but what it has committed is true, so it can say nothing else (I6).
 * The profile is whole: no profile event of the customer lies between the watermark and where this instance's tail
 * is; and the script refuses when any tail has passed an event beyond that (`passed:<stream>`). An event that comes
 * later finds the entry and makes it unknown again (I7).
 */
import { partitionOf, streamOf, type EvaluateRequest } from "#contracts";
import type { RecentProfileEvents } from "./recent-profile-events.js";

/** What the index checks before it takes the customer over. */
export interface NewCustomer {
  readonly generation: string;
  readonly stream: string;
  /** Profile events were looked through up to this sequence. */
  readonly lookedThrough: number;
}

export interface NewCustomersPorts {
  readonly recent: Pick<RecentProfileEvents, "noneSince">;
  /** Last sequence of each EVT stream, read now. */
  readonly lastSequences: () => Promise<ReadonlyMap<string, number>>;
}

interface Generation {
  readonly id: string;
  /** Per EVT stream: events above this are younger than the generation. */
  readonly began: ReadonlyMap<string, number>;
}

export class NewCustomers {
  readonly #ports: NewCustomersPorts;
  #generation: Generation | undefined;
  #learning: string | undefined;

  constructor(ports: NewCustomersPorts) {
    this.#ports = ports;
  }

  /** Undefined when the customer must be read. */
  admit(request: Pick<EvaluateRequest, "customerId" | "contacted" | "watermark">): NewCustomer | undefined {
    const { customerId, contacted, watermark } = request;
    if (contacted !== false || watermark === undefined || !this.#generation) return undefined;
    const stream = streamOf("EVT", partitionOf(customerId));
    const began = this.#generation.began.get(stream);
    if (began === undefined || watermark < began) return undefined;
    const lookedThrough = this.#ports.recent.noneSince(stream, customerId, watermark);
    return lookedThrough === undefined
      ? undefined
      : { generation: this.#generation.id, stream, lookedThrough };
  }

  /** Where EVT ends after the generation was seen to be open: what is stored later is younger. */
  async learn(generation: string): Promise<void> {
    if (generation === "" || generation === this.#generation?.id || generation === this.#learning) return;
    this.#learning = generation;
    try {
      this.#generation = { id: generation, began: await this.#ports.lastSequences() };
    } catch {
      // The customers are read meanwhile; the next one asks again.
    } finally {
      this.#learning = undefined;
    }
  }
}
