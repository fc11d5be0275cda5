/** Email over SMTP. A 250 after the text counts as delivered: the mail system has taken over (RFC 5321 §4.2.5). */
import type { Readable } from "node:stream";
import { createTransport } from "nodemailer";
import { sleep } from "#messaging";
import type { ChannelProvider, Reports, SendOrder, SendResult } from "../provider.port.js";
import type { AddressBook } from "./address-book.port.js";
import { smtpFailureOf, type SmtpFailure } from "./smtp-failure.js";

export interface SmtpOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  readonly url: string;
  /** Sender, e.g. `Bank <service@bank.example>`. */
  readonly from: string;
  readonly addresses: AddressBook;
  readonly maxConnections?: number | undefined;
  /** Pauses before the tries after the first, ms. */
  readonly retryDelaysMs?: readonly number[];
}

const RETRY_DELAYS_MS = [200, 1_000, 5_000];
const CONNECT_TIMEOUT_MS = 5_000;
const SOCKET_TIMEOUT_MS = 30_000;

export class SmtpEmailProvider implements ChannelProvider {
  readonly name = "smtp";
  readonly time = "wall";
  readonly #options: SmtpOptions;
  readonly #transport: ReturnType<typeof pooled>;
  /** The text of each mail under way, by Message-ID, as handed to the connection. */
  readonly #texts = new Map<string, Readable>();

  constructor(options: SmtpOptions) {
    this.#options = options;
    this.#transport = pooled(options);
    this.#transport.use("stream", (mail, done) => {
      const messageId = mail.data.messageId;
      mail.message.processFunc((text) => {
        if (messageId !== undefined) this.#texts.set(messageId, text);
        return text;
      });
      done();
    });
  }

  async send(order: SendOrder, _reports: Reports): Promise<SendResult> {
    const started = performance.now();
    const afterMs = (): number => Math.round(performance.now() - started);
    const to = await this.#options.addresses.emailOf(order.customerId);
    if (to === undefined) return { status: "rejected", reason: "no_address", afterMs: afterMs() };
    const delays = this.#options.retryDelaysMs ?? RETRY_DELAYS_MS;
    for (let attempt = 0; ; attempt++) {
      const failure = await this.#sendOnce(order, to);
      if (!failure) return { status: "delivered", afterMs: afterMs() };
      if (failure.kind === "unknown")
        return { status: "unknown", reason: failure.reason, afterMs: afterMs() };
      const delayMs = delays[attempt];
      // Not after the waiting is over: then the next channel has the command.
      const inTime = delayMs !== undefined && afterMs() + delayMs < order.receiptTimeoutMs;
      if (failure.kind === "rejected" || !inTime)
        return { status: "rejected", reason: failure.reason, afterMs: afterMs() };
      await sleep(delayMs);
    }
  }

  close(): Promise<void> {
    this.#transport.close();
    return Promise.resolve();
  }

  async #sendOnce(order: SendOrder, to: string): Promise<SmtpFailure | undefined> {
    const messageId = messageIdOf(order, this.#options.from);
    try {
      await this.#transport.sendMail({
        from: this.#options.from,
        to,
        subject: order.title,
        text: `${order.body}\n`,
        messageId,
        // RFC 3834: no vacation notices in answer to what a machine sent.
        headers: { "Auto-Submitted": "auto-generated" },
      });
      return undefined;
    } catch (error) {
      // Read only after the server has answered 354 to DATA.
      return smtpFailureOf(error, this.#texts.get(messageId)?.readableDidRead ?? false);
    } finally {
      this.#texts.delete(messageId);
    }
  }
}

/** The same for each try of the same leg, so that a mail system can drop a second copy. */
export function messageIdOf(order: Pick<SendOrder, "commandId" | "attempt">, from: string): string {
  const domain = /@([A-Za-z0-9.-]+)/.exec(from)?.[1] ?? "segue.invalid";
  return `<${order.commandId}.${order.attempt}@${domain}>`;
}

function pooled(options: SmtpOptions) {
  return createTransport({
    url: options.url,
    pool: true,
    maxConnections: options.maxConnections ?? 5,
    // The pool would send again by itself after a lost connection, also when the server may have the message.
    maxRequeues: 0,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
  });
}
