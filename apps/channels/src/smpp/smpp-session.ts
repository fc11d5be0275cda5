/** One connection to a message centre: PDUs out and in, answers matched to their requests by sequence number. */
import type { Socket } from "node:net";
import {
  COMMAND,
  decodePdu,
  encodePdu,
  PduError,
  PduReader,
  STATUS,
  type CommandName,
  type Pdu,
  type PduOf,
} from "./pdu.js";

type RequestName = "bind_transceiver" | "submit_sm" | "query_sm" | "enquire_link" | "unbind";
/** The response, or a refusal without one. `undefined`: none came in time, or the connection has ended. */
type Answer<C extends RequestName> = PduOf<`${C}_resp`> | PduOf<"generic_nack"> | undefined;

export interface SessionOptions {
  readonly responseTimeoutMs: number;
  /** A message for us. Resolves once it may be acknowledged; a rejection asks the centre to deliver it again. */
  readonly onDeliver: (message: PduOf<"deliver_sm">) => Promise<void>;
  /** Told once, when the connection has ended, with why. */
  readonly onEnd: (reason: string) => void;
}

const MAX_SEQUENCE = 0x7fffffff;

export class SmppSession {
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #reader = new PduReader();
  readonly #waiting = new Map<number, (answer: Pdu | undefined) => void>();
  #sequence = 0;
  #why = "the message centre has closed the connection";
  #lastHeard = performance.now();

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => (this.#why = error.message));
    socket.once("close", () => {
      for (const answer of this.#waiting.values()) answer(undefined);
      this.#waiting.clear();
      options.onEnd(this.#why);
    });
  }

  /** Since the last PDU came, ms. */
  get silentMs(): number {
    return performance.now() - this.#lastHeard;
  }

  get open(): boolean {
    return this.#socket.writable;
  }

  /** Sends a request and waits for its answer. Throws RangeError before anything is sent when a field cannot be. */
  async request<C extends RequestName>(command: C, body: PduOf<C>["body"]): Promise<Answer<C>> {
    const sequence = (this.#sequence = this.#sequence >= MAX_SEQUENCE ? 1 : this.#sequence + 1);
    const octets = encodePdu({ command, status: STATUS.ok, sequence, body, options: [] } as unknown as Pdu);
    if (!this.open) return undefined;
    const answer = await new Promise<Pdu | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), this.#options.responseTimeoutMs);
      this.#waiting.set(sequence, (pdu) => {
        clearTimeout(timer);
        resolve(pdu);
      });
      this.#socket.write(octets);
    });
    this.#waiting.delete(sequence);
    return answer as Answer<C>;
  }

  /** Ends the connection at once, with why. */
  drop(reason: string): void {
    this.#why = reason;
    this.#socket.destroy();
  }

  /** Says goodbye, and ends the connection. */
  async unbind(): Promise<void> {
    await this.request("unbind", {});
    this.drop("unbound");
  }

  #read(chunk: Buffer): void {
    this.#lastHeard = performance.now();
    let whole: Buffer[];
    try {
      whole = this.#reader.push(chunk);
    } catch (error) {
      this.drop((error as Error).message);
      return;
    }
    for (const octets of whole) {
      try {
        this.#take(decodePdu(octets));
      } catch (error) {
        if (!(error instanceof PduError)) throw error;
        this.#write("generic_nack", error.status, error.sequence ?? 0, {});
      }
    }
  }

  #take(pdu: Pdu): void {
    if ((COMMAND[pdu.command] & 0x80000000) !== 0) {
      this.#waiting.get(pdu.sequence)?.(pdu);
      return;
    }
    if (pdu.command === "deliver_sm") void this.#deliver(pdu);
    else if (pdu.command === "enquire_link") this.#write("enquire_link_resp", STATUS.ok, pdu.sequence, {});
    else if (pdu.command === "unbind") {
      this.#write("unbind_resp", STATUS.ok, pdu.sequence, {});
      this.#why = "the message centre has unbound";
      this.#socket.end();
    } else this.#write("generic_nack", STATUS.invalidCommand, pdu.sequence, {});
  }

  async #deliver(message: PduOf<"deliver_sm">): Promise<void> {
    const status = await this.#options.onDeliver(message).then(
      () => STATUS.ok,
      () => STATUS.temporaryAppError,
    );
    this.#write("deliver_sm_resp", status, message.sequence, { messageId: "" });
  }

  #write<C extends CommandName>(command: C, status: number, sequence: number, body: PduOf<C>["body"]): void {
    if (this.open)
      this.#socket.write(encodePdu({ command, status, sequence, body, options: [] } as unknown as Pdu));
  }
}
