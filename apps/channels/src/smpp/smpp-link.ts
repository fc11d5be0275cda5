/**
 * A bound transceiver that is kept up: connects again after a loss, keeps at most `window` requests open, and holds back while the
 * centre is busy. What certainly was not taken is tried again; what may have been taken never is.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { sleep } from "#messaging";
import { stateOf, type MessageState } from "./delivery-receipt.js";
import { STATUS, type PduOf, type ShortMessage, type SmppAddress } from "./pdu.js";
import { SmppSession } from "./smpp-session.js";

export interface SmppLinkOptions {
  /** `smpp://systemId:password@host:port?system_type=…`; `smpps://…` over TLS. */
  readonly url: string;
  readonly onDeliver: (message: PduOf<"deliver_sm">) => Promise<void>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Requests without an answer at a time; default 10. */
  readonly window?: number | undefined;
  readonly responseTimeoutMs?: number | undefined;
  /** After so long a silence the centre is asked whether it is there. */
  readonly enquireLinkMs?: number | undefined;
  /** Pauses before connecting again; the last one repeats. */
  readonly reconnectDelaysMs?: readonly number[] | undefined;
}

export type Submitted =
  | { readonly kind: "taken"; readonly messageId: string }
  | { readonly kind: "refused"; readonly status: number }
  /** No answer came: it may have been taken. */
  | { readonly kind: "unanswered" }
  /** There was no link, or the centre was busy, until the time was up: certainly not taken. */
  | { readonly kind: "unsent" };

const RECONNECT_DELAYS_MS = [250, 1_000, 5_000, 15_000];
const CONNECT_TIMEOUT_MS = 5_000;
const INTERFACE_VERSION = 0x34;
const ANY_NUMBER: SmppAddress = { ton: 0, npi: 0, address: "" };
/** The centre asks us to wait: it has not taken the message. */
const BUSY: ReadonlySet<number> = new Set([STATUS.throttled, STATUS.queueFull]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export class SmppLink {
  readonly #options: SmppLinkOptions;
  readonly #url: URL;
  readonly #window: number;
  readonly #stop = new AbortController();
  readonly #kept: Promise<void>;
  #session: SmppSession | undefined;
  #open = 0;
  #pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;
  /** Called at every change that somebody may wait for. */
  #waiters: (() => void)[] = [];

  /** Throws TypeError for what is not a URL. */
  constructor(options: SmppLinkOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.#window = options.window ?? 10;
    this.#kept = this.#keepUp();
  }

  get up(): boolean {
    return this.#session !== undefined;
  }

  /** Hands a message to the centre; waits for a link and for room for at most `withinMs`. */
  async submit(message: ShortMessage, withinMs: number): Promise<Submitted> {
    const until = performance.now() + withinMs;
    for (;;) {
      const session = await this.#slot(until);
      if (!session) return { kind: "unsent" };
      const answer = await this.#answered(() => session.request("submit_sm", message));
      if (!answer) return { kind: "unanswered" };
      if (answer.status === STATUS.ok && answer.command === "submit_sm_resp") {
        this.#pauseMs = FIRST_PAUSE_MS;
        return { kind: "taken", messageId: answer.body.messageId };
      }
      if (!BUSY.has(answer.status)) return { kind: "refused", status: answer.status };
      this.#pausedUntil = performance.now() + this.#pauseMs;
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Asks what became of a message (§4.8). `undefined`: the centre does not say, or not in time. */
  async query(messageId: string, source: SmppAddress, withinMs: number): Promise<MessageState | undefined> {
    const session = await this.#slot(performance.now() + withinMs);
    const answer =
      session && (await this.#answered(() => session.request("query_sm", { messageId, source })));
    return answer?.command === "query_sm_resp" && answer.status === STATUS.ok
      ? stateOf(answer.body.state)
      : undefined;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#changed();
    await this.#session?.unbind();
    await this.#kept;
  }

  async #keepUp(): Promise<void> {
    const delays = this.#options.reconnectDelaysMs ?? RECONNECT_DELAYS_MS;
    const where = this.#url.host;
    for (let failures = 0; !this.#stop.signal.aborted;) {
      const started = performance.now();
      const why = await this.#serve().catch((error: unknown) => (error as Error).message);
      if (this.#stop.signal.aborted) return;
      failures = performance.now() - started > LONGEST_PAUSE_MS ? 0 : failures;
      const delay = delays[Math.min(failures++, delays.length - 1)] ?? 0;
      this.#options.log.warn({ where, why, againInMs: delay }, "no link to the message centre");
      // Spread, so that many clients do not come back to a centre at one moment.
      await sleep(delay * (0.5 + Math.random() / 2), this.#stop.signal);
    }
  }

  /** One connection from its beginning to its end; answers why it ended. */
  async #serve(): Promise<string> {
    const socket = await this.#connect();
    let ended!: (reason: string) => void;
    const end = new Promise<string>((resolve) => (ended = resolve));
    const session = new SmppSession(socket, {
      responseTimeoutMs: this.#options.responseTimeoutMs ?? 10_000,
      onDeliver: this.#options.onDeliver,
      onEnd: (reason) => ended(reason),
    });
    const closed = (): void => {
      if (this.#session !== session) session.drop("closed");
    };
    this.#stop.signal.addEventListener("abort", closed, { once: true });
    const refused = await this.#bind(session);
    if (refused !== undefined) {
      session.drop(refused);
      return end;
    }
    this.#options.log.info({ where: this.#url.host }, "bound to the message centre");
    this.#open = 0;
    this.#session = session;
    this.#changed();
    const asking = setInterval(() => void this.#enquire(session), this.#enquireLinkMs);
    const reason = await end;
    clearInterval(asking);
    this.#stop.signal.removeEventListener("abort", closed);
    this.#session = undefined;
    this.#changed();
    return reason;
  }

  #connect(): Promise<Socket> {
    const { hostname, protocol } = this.#url;
    const port = Number(this.#url.port || (protocol === "smpps:" ? 3550 : 2775));
    const where = { host: hostname, port };
    return new Promise((resolve, reject) => {
      const secure = protocol === "smpps:";
      const socket = secure ? connectTls({ ...where, servername: hostname }) : connectTcp(where);
      socket.setNoDelay(true);
      const timer = setTimeout(() => socket.destroy(new Error("no connection in time")), CONNECT_TIMEOUT_MS);
      const stop = (): void => void socket.destroy(new Error("closed"));
      this.#stop.signal.addEventListener("abort", stop, { once: true });
      const failed = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      socket.once("error", failed);
      socket.once(secure ? "secureConnect" : "connect", () => {
        clearTimeout(timer);
        this.#stop.signal.removeEventListener("abort", stop);
        socket.off("error", failed);
        resolve(socket);
      });
    });
  }

  /** Answers why the centre does not let us in. */
  async #bind(session: SmppSession): Promise<string | undefined> {
    const answer = await session.request("bind_transceiver", {
      systemId: decodeURIComponent(this.#url.username),
      password: decodeURIComponent(this.#url.password),
      systemType: this.#url.searchParams.get("system_type") ?? "",
      interfaceVersion: INTERFACE_VERSION,
      range: ANY_NUMBER,
    });
    if (!answer) return "no answer to the bind";
    return answer.status === STATUS.ok
      ? undefined
      : `the bind was refused with status 0x${answer.status.toString(16)}: check system id and password`;
  }

  get #enquireLinkMs(): number {
    return this.#options.enquireLinkMs ?? 30_000;
  }

  async #enquire(session: SmppSession): Promise<void> {
    if (session.silentMs < this.#enquireLinkMs / 2) return;
    if (!(await session.request("enquire_link", {})))
      session.drop("the message centre does not answer any more");
  }

  /** A session with room, which is taken; `undefined` when there is none until then. */
  async #slot(until: number): Promise<SmppSession | undefined> {
    for (;;) {
      const now = performance.now();
      if (this.#stop.signal.aborted) return undefined;
      if (this.#session && this.#open < this.#window && now >= this.#pausedUntil) {
        this.#open++;
        return this.#session;
      }
      if (now >= until) return undefined;
      await this.#change((now < this.#pausedUntil ? Math.min(until, this.#pausedUntil) : until) - now);
    }
  }

  async #answered<T>(ask: () => Promise<T>): Promise<T> {
    const session = this.#session;
    try {
      return await ask();
    } finally {
      if (session === this.#session) this.#open--;
      this.#changed();
    }
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
