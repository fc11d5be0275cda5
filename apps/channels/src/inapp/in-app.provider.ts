/**
 * The in-app channel: the provider is the caller of the moment, who waits at a gateway. The gateway says whether the
 * caller got it, so a command ends as `delivered` exactly when somebody was told in time.
 */
import { NoRespondersError, RequestError, type NatsConnection } from "@nats-io/nats-core";
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
    const { command } = order;
    if (callerOf(command) === undefined) return { status: "rejected", reason: "no_caller", afterMs: 0 };
    const told = await this.#ask(command, { decision: this.#intervention(order), reason: "act" });
    const afterMs = performance.now() - started;
    switch (told) {
      case "yes":
        return { status: "delivered", afterMs };
      case "no":
        return { status: "expired", reason: "too_late", afterMs };
      case "gone":
        return { status: "expired", reason: "caller_gone", afterMs };
      case "unclear":
        return { status: "unknown", reason: "no_confirmation", afterMs };
    }
  }

  async withdraw(command: Command, reason: string): Promise<boolean | undefined> {
    if (callerOf(command) === undefined) return false;
    const told = await this.#ask(command, { decision: null, reason, commandId: command.commandId });
    return told === "yes" ? true : told === "no" ? false : undefined;
  }

  /** Whether the caller was told. `gone`: the gateway is, and has not been asked before. */
  async #ask(command: Command, reply: MomentReply): Promise<"yes" | "no" | "gone" | "unclear"> {
    const until = performance.now() + INSIST_MS;
    const body = JSON.stringify(reply);
    /** An earlier try may have reached the gateway. */
    let unclear = false;
    for (;;) {
      try {
        const answer = await this.#options.nc.request(command.replyTo!, body, {
          timeout: ATTEMPT_TIMEOUT_MS,
        });
        return momentTakenV1.parse(answer.json()).taken ? "yes" : "no";
      } catch (error) {
        const gone = isGone(error);
        if (gone && !unclear) return "gone";
        unclear ||= !gone;
        if (performance.now() + PAUSE_MS > until || this.#closed.signal.aborted) return "unclear";
        await sleep(PAUSE_MS, this.#closed.signal);
      }
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

/** Where the caller waits. Nothing is sent but to where a gateway waits, whatever a command says. */
function callerOf({ replyTo }: Command): string | undefined {
  return replyTo !== undefined && parseMomentReply(replyTo) !== undefined ? replyTo : undefined;
}

function isGone(error: unknown): boolean {
  return error instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders());
}
