/**
 * Carries out one leg of a command: ended already? → expired? → gate → provider → receipt → outcome, or the next leg.
 *
 * I5: nothing is sent without the gate's `go`, given to one delivery of the command only.
 * I8: every path ends in `OutcomeLog.end`, in an ordered next leg, or in a fault that brings the command back.
 * A crash between the gate and the outcome is found by the next delivery (`claimed`) and ends as `unknown`.
 */
import { nuid } from "@nats-io/nats-core";
import {
  headerNames,
  type Command,
  type GateRequest,
  type Outcome,
  type PlanLeg,
  type ResponseOutcome,
  type TerminalOutcome,
} from "#contracts";
import type { Clock } from "#clock";
import { dispositionOf, RetryableFault, sleep, type WorkMessage } from "#messaging";
import { faultPoint } from "#service";
import { span, type Logger } from "#telemetry";
import type { Fallback } from "./fallback.publisher.js";
import { sendAndWatch, type LegResult, type LegWatch } from "./leg-watch.js";
import type { CommandOrigin, OutcomeLog } from "./outcome-log.js";
import type { PolicyGate } from "./policy-gate.client.js";
import type { ChannelProvider, SendOrder } from "./provider.port.js";
import type { ProviderRegistry } from "./provider-registry.js";

/** What the delivery needs of the message that brought the command. */
export type CommandMessage = Pick<WorkMessage, "delivery" | "header" | "signal" | "park">;

/** A receipt is never waited for less than this, wall ms: below, a fast replay would only measure the event loop. */
const MIN_WAIT_MS = 20;
const GATE_RETRY_MAX_MS = 5_000;
const CARRIED_HEADERS = [headerNames.traceparent, headerNames.tracestate, headerNames.eventStoredAt] as const;

export interface DeliveryPorts {
  readonly clock: Clock;
  readonly gate: PolicyGate;
  readonly outcomes: OutcomeLog;
  readonly fallback: Fallback;
  readonly providers: ProviderRegistry;
  readonly log: Logger;
}

interface Leg {
  readonly command: Command;
  readonly leg: PlanLeg;
  readonly message: CommandMessage;
  readonly origin: CommandOrigin;
  /** When this leg is carried out, epoch ms on Segue's clock. */
  readonly at: number;
  /**
   * Never the same twice. The server's own count of deliveries would not do: killed, it has forgotten the last of them, and
   * delivers as new what was sent and acknowledged already (I8).
   */
  readonly delivery: string;
}

export class CommandDelivery {
  readonly #ports: DeliveryPorts;
  readonly #responding = new Set<Promise<void>>();

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  /** Resolves when the command's message is done with; throws a fault when it must come again. */
  async carryOut(command: Command, message: CommandMessage): Promise<void> {
    const leg = command.plan[command.attempt];
    if (!leg) throw new RangeError(`attempt ${command.attempt} is not in the plan`);
    const attributes = {
      "segue.channel": leg.channel,
      "segue.action": command.action,
      "segue.attempt": command.attempt,
    };
    await span("process cmd", { kind: "consumer", parent: message.header, attributes }, async (headers) => {
      const origin = originOf(command, message, headers);
      const work: Leg = {
        command,
        leg,
        message,
        origin,
        at: this.#ports.clock.at(command.at),
        delivery: nuid.next(),
      };
      try {
        await this.#run(work);
      } catch (error) {
        await this.#beforeDeadLetter(work, error);
        throw error;
      }
    });
  }

  /** Resolves when the responses that were reported so far are stored, or after the grace. */
  async settled(graceMs: number): Promise<void> {
    const grace = new AbortController();
    await Promise.race([Promise.allSettled(this.#responding), sleep(graceMs, grace.signal)]);
    grace.abort();
  }

  async #run(work: Leg): Promise<void> {
    const { command, message, origin, at } = work;
    const { outcomes } = this.#ports;
    const repeated = message.delivery.redelivered || command.attempt > 0;
    if (repeated && (await outcomes.terminalOf(command, origin)) !== undefined) return;
    if (at > command.expiresAt) return this.#endUnsent(work, repeated, "expired");
    faultPoint("channels.gate.before");
    const answer = await this.#gate(work);
    faultPoint("channels.gate.after");
    switch (answer.answer) {
      case "go":
        return this.#send(work);
      case "stop":
        void this.#ports.providers.of(work.leg.channel).withdraw?.(command, answer.reason);
        await this.#end(work, "suppressed", answer.reason, at);
        return;
      case "claimed": {
        // An earlier delivery was let through. It has left an outcome, or the next leg, or nobody knows what it did.
        if ((await outcomes.terminalOf(command, origin)) !== undefined) return;
        if (await this.#ports.fallback.isOrdered(command, origin)) return;
        return this.#endUnsent(work, true, "interrupted");
      }
    }
  }

  /** Ends a command that it is too late to send, as what became of the deliveries before this one, where that can be found out. */
  async #endUnsent(work: Leg, repeated: boolean, reason: "expired" | "interrupted"): Promise<void> {
    const provider = this.#ports.providers.of(work.leg.channel);
    const unasked = reason === "interrupted" ? undefined : false;
    const sent = provider.withdraw ? await provider.withdraw(work.command, reason) : unasked;
    if (sent === true) await this.#end(work, "delivered", "receipt", work.at);
    else if (sent === undefined && repeated) await this.#end(work, "unknown", "interrupted", work.at);
    else await this.#end(work, "expired", "expired", work.at);
  }

  async #gate({ command, leg, message, delivery }: Leg): ReturnType<PolicyGate["ask"]> {
    const { commandId, reservationId, customerId, action, purpose, attempt } = command;
    const { deliveryCount, redelivered, publishedAt } = message.delivery;
    const requestNow = (): GateRequest => ({
      commandId,
      reservationId,
      customerId,
      action,
      purpose,
      journey: command.journey.id,
      channel: leg.channel,
      attempt,
      at: this.#ports.clock.at(command.at),
      delivery,
      redelivered,
      publishedAt,
    });
    try {
      return await span("gate", { kind: "client" }, (headers) =>
        this.#ports.gate.ask(requestNow, headers, message.signal),
      );
    } catch (error) {
      // Asked again until the command expires: by then `at` is past `expiresAt`.
      const delayMs = Math.min(250 * 2 ** Math.min(deliveryCount - 1, 10), GATE_RETRY_MAX_MS);
      throw new RetryableFault((error as Error).message, { cause: error, delayMs });
    }
  }

  async #send(work: Leg): Promise<void> {
    const { command, leg, message, at } = work;
    const provider = this.#ports.providers.of(leg.channel);
    const order: SendOrder = {
      commandId: command.commandId,
      attempt: command.attempt,
      channel: leg.channel,
      customerId: command.customerId,
      // Filled by the decision. Filling again would let braces within an event's data read other fields of it.
      title: leg.title,
      body: leg.body,
      receiptTimeoutMs: leg.receiptTimeoutMs,
      command,
      at,
    };
    const attributes = { "segue.provider": provider.name };
    let tellEnded!: (delivered: boolean) => void;
    const ended = new Promise<boolean>((resolve) => (tellEnded = resolve));
    const result = await span(`send ${leg.channel}`, { kind: "client", attributes }, async () => {
      const watch = this.#watch(work, provider, order, ended);
      faultPoint("channels.send.after");
      await watch.answered;
      // What is left is to wait for a receipt: that takes no slot.
      return message.park(watch.result);
    });
    let delivered = false;
    try {
      delivered = await this.#conclude(work, result);
    } finally {
      tellEnded(delivered);
    }
  }

  #watch(work: Leg, provider: ChannelProvider, order: SendOrder, delivered: Promise<boolean>): LegWatch {
    const { clock, log } = this.#ports;
    const { leg, command } = work;
    const wallMs = provider.time === "segue" ? clock.wallMs(leg.receiptTimeoutMs) : leg.receiptTimeoutMs;
    return sendAndWatch(provider, order, {
      waitMs: Math.max(Math.ceil(wallMs), MIN_WAIT_MS),
      onLateReceipt: (receipt) =>
        log.info(
          {
            channel: leg.channel,
            attempt: command.attempt,
            status: receipt.status,
            afterMs: receipt.afterMs,
          },
          "late receipt: recorded only",
        ),
      onResponse: (kind, afterMs) => this.#respond(work, kind, afterMs, delivered),
      onFailure: (error) =>
        log.error(
          { channel: leg.channel, provider: provider.name, error: String(error) },
          "provider failed while sending",
        ),
    });
  }

  /** Answers true when the leg ended the command as delivered. */
  async #conclude(work: Leg, result: LegResult): Promise<boolean> {
    const time = this.#ports.clock.at(work.at + result.afterMs);
    switch (result.status) {
      case "delivered":
        return this.#end(work, "delivered", "receipt", time, result.result);
      case "unknown":
      case "expired":
        await this.#end(work, result.status, result.reason, time);
        return false;
      case "rejected":
      case "silent": {
        const reason = result.status === "silent" ? "no_receipt" : result.reason;
        const next = this.#ports.fallback.next(work.command, reason, time);
        if (next) {
          await this.#ports.fallback.order(next, work.origin);
          faultPoint("channels.fallback.after");
        } else
          await this.#end(
            work,
            "failed",
            reason,
            time,
            result.status === "rejected" ? result.result : undefined,
          );
        return false;
      }
    }
  }
  /** Answers true when it was this call that ended the command. */
  async #end(
    work: Leg,
    kind: TerminalOutcome,
    reason: string,
    time: number,
    result?: Outcome["result"],
  ): Promise<boolean> {
    const { command, leg, origin } = work;
    const fields = {
      kind,
      channel: leg.channel,
      tried: command.tried,
      reason,
      ...(result ? { result } : {}),
    };
    faultPoint("channels.outcome.before");
    const ended = await this.#ports.outcomes.end(command, fields, time, origin);
    faultPoint("channels.outcome.after");
    if (!ended.written && ended.kind !== kind) {
      this.#ports.log.warn(
        { channel: leg.channel, kind, stands: ended.kind },
        "the command had already ended otherwise: that outcome stands",
      );
    }
    return ended.written;
  }

  /** Publishes a response once it is known that this leg delivered; of other legs it is recorded only. */
  #respond(work: Leg, kind: ResponseOutcome, afterMs: number, delivered: Promise<boolean>): void {
    const { command, leg, origin, at } = work;
    const { clock, outcomes, log } = this.#ports;
    const publish = async (): Promise<void> => {
      if (!(await delivered)) {
        log.info({ channel: leg.channel, kind }, "response to a leg that did not count: recorded only");
        return;
      }
      const fields = { kind, channel: leg.channel, tried: command.tried, reason: "customer" };
      await outcomes.respond(command, fields, clock.at(at + afterMs), origin);
    };
    const done = publish()
      .catch((error: unknown) =>
        log.error({ channel: leg.channel, kind, error: String(error) }, "response lost"),
      )
      .finally(() => this.#responding.delete(done));
    this.#responding.add(done);
  }

  /** A command that is about to be put into DLQ ends as failed, so that its journey goes on and its reservation is freed. */
  async #beforeDeadLetter(work: Leg, error: unknown): Promise<void> {
    const disposition = dispositionOf(error, { tries: work.message.delivery.deliveryCount });
    if (disposition.kind === "dead-letter") await this.#end(work, "failed", disposition.reason, work.at);
  }
}

/** What outcomes and further legs carry on from the command's message. */
function originOf(
  command: Command,
  message: CommandMessage,
  traceHeaders: Readonly<Record<string, string>>,
): CommandOrigin {
  const headers: Record<string, string> = {};
  for (const name of CARRIED_HEADERS) {
    const value = message.header(name);
    if (value) headers[name] = value;
  }
  const storedAt = Number(message.header(headerNames.eventStoredAt));
  const firstKnownAt = command.attempt === 0 ? message.delivery.publishedAt : 0;
  return { sinceMs: storedAt > 0 ? storedAt : firstKnownAt, headers: { ...headers, ...traceHeaders } };
}
