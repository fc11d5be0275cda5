/**
 * The in-app channel: the provider is the caller of the moment, who waits at a gateway. The gateway says whether the
 * caller got it, so a command ends as `delivered` exactly when somebody was told in time.
 */
import { NoRespondersError, RequestError, type Msg, type NatsConnection } from "@nats-io/nats-core";
import {
  momentTakenV1,
  parseMomentReply,
  type Command,
  type Intervention,
  type MomentReply,
} from "#contracts";
import type { Clock } from "#clock";
import { sleep } from "#messaging";
import type { ChannelProvider, SendOrder, SendResult } from "../provider.port.js";

export interface InAppOptions {
  readonly nc: NatsConnection;
  readonly clock: Clock;
}

/** The gateway answers from memory. */
const ATTEMPT_TIMEOUT_MS = 1_000;
/** The gateway remembers for longer who was told what; asked again within this time it says the same. */
const INSIST_MS = 8_000;
const PAUSE_MS = 200;

export class InAppProvider implements ChannelProvider {
  readonly name = "caller";
  readonly time = "wall";
  readonly #options: InAppOptions;
  readonly #closed = new AbortController();

  constructor(options: InAppOptions) {
    this.#options = options;
  }

  async send(order: SendOrder): Promise<SendResult> {
    const started = performance.now();
    const afterMs = (): number => performance.now() - started;
    const { replyTo } = order.command;
    if (replyTo === undefined || parseMomentReply(replyTo) === undefined)
      return { status: "rejected", reason: "no_caller", afterMs: 0 };
    const reply: MomentReply = { decision: this.#intervention(order), reason: "act" };
    const body = JSON.stringify(reply);
    /** An earlier try may have reached the gateway. */
    let unclear = false;
    for (;;) {
      try {
        const answer = await this.#options.nc.request(replyTo, body, { timeout: ATTEMPT_TIMEOUT_MS });
        return toldBy(answer) === true
          ? { status: "delivered", afterMs: afterMs() }
          : { status: "expired", reason: "too_late", afterMs: afterMs() };
      } catch (error) {
        // Nobody listens there any more: the gateway is gone, and its caller with it.
        const gone = isGone(error);
        if (gone && !unclear) return { status: "expired", reason: "caller_gone", afterMs: afterMs() };
        unclear ||= !gone;
        if (afterMs() + PAUSE_MS > INSIST_MS || this.#closed.signal.aborted)
          return { status: "unknown", reason: "no_confirmation", afterMs: afterMs() };
        await sleep(PAUSE_MS, this.#closed.signal);
      }
    }
  }

  /** The caller need not wait for what will not come. */
  withdrawn({ replyTo }: Command, reason: string): void {
    if (replyTo === undefined || parseMomentReply(replyTo) === undefined) return;
    const reply: MomentReply = { decision: null, reason };
    try {
      this.#options.nc.publish(replyTo, JSON.stringify(reply));
    } catch {
      // The connection is closing: the caller's deadline serves.
    }
  }

  close(): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }

  #intervention({ command, channel, title, body }: SendOrder): Intervention {
    const { commandId, decisionId, action, expiresAt, validUntil } = command;
    return {
      decisionId,
      commandId,
      action,
      channel,
      title,
      body,
      expiresAt: this.#options.clock.wallAt(validUntil ?? expiresAt),
    };
  }
}

function toldBy(answer: Msg): boolean | undefined {
  try {
    return momentTakenV1.safeParse(answer.json()).data?.taken;
  } catch {
    return undefined;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
}
