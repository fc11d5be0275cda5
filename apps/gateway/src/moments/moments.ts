/**
 * The moments that are waited for at this gateway. Owns I12: whoever asks has an answer by the deadline, whatever is down.
 * Nothing on the way to that answer waits for anybody: the event is published, one timer per caller runs, and whichever of
 * answer and timer comes first answers.
 *
 * A moment is `open` while somebody waits for it, then `answered`, or `over` when nobody waits any more. It is remembered
 * for a while: who asks again with the same event is told the same, and the in-app channel, asking again whether the caller
 * was told, hears the same (I8).
 */
import { createInbox, type Msg } from "@nats-io/nats-core";
import {
  momentHeaders,
  momentReplyV1,
  parseMomentReply,
  subjects,
  type MomentAnswer,
  type MomentReply,
  type MomentTaken,
} from "#contracts";
import type { Publisher } from "#messaging";
import { span, type Logger } from "#telemetry";
import type { CheckedEvent } from "../events/event-check.js";
import type { GatewayMetrics } from "../metrics.js";
import type { NatsLink } from "../nats-link.js";

export interface MomentLimits {
  /** Events of moments that wait for the stream; beyond, a moment is answered at once and its event is not kept. */
  readonly maxWaiting: number;
  /** How long the event of a moment is tried to be stored, also after its caller was answered. */
  readonly keepMs: number;
}

/** A question, its deadline counted from `startedAt` (`performance.now()`). */
export interface MomentQuestion {
  readonly event: CheckedEvent;
  readonly deadlineMs: number;
  readonly startedAt: number;
}

interface Caller {
  readonly question: MomentQuestion;
  readonly resolve: (answer: MomentAnswer) => void;
  timer: NodeJS.Timeout | undefined;
}

interface Moment {
  readonly number: number;
  readonly key: string;
  readonly callers: Set<Caller>;
  state: "open" | "answered" | "over";
  stored: boolean;
  reply: MomentReply | undefined;
  /** `performance.now()` at which it is forgotten. */
  readonly forgetAt: number;
}

/** Longer than the in-app channel asks whether the caller was told. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 20_000;

export class Moments {
  /** By number, oldest first. */
  readonly #moments = new Map<number, Moment>();
  /** The newest of each event. */
  readonly #byEvent = new Map<string, Moment>();
  readonly #inbox = createInbox().slice("_INBOX.".length);
  #next = 0;
  #waiting = 0;
  #closed = false;

  constructor(
    private readonly link: NatsLink,
    private readonly metrics: GatewayMetrics,
    private readonly log: Pick<Logger, "error" | "warn">,
    private readonly limits: MomentLimits,
  ) {
    // One subscription for all: before the first event can be published, the server has it.
    link.onConnect(({ nc }) => {
      nc.subscribe(subjects.momentRepliesTo(this.#inbox), {
        callback: (error, message) => {
          if (error) this.log.error({ error: error.message }, "answers to moments are not received");
          else this.#receive(message);
        },
      });
    });
  }

  /** The answer, by the deadline. `gone` aborts when the caller has gone away: then nothing was told. */
  ask(question: MomentQuestion, gone?: AbortSignal): Promise<MomentAnswer> {
    return new Promise((resolve) => {
      this.#forgetOld();
      const caller: Caller = { question, resolve, timer: undefined };
      const known = this.#byEvent.get(keyOf(question.event));
      if (known && known.state !== "open" && (known.reply || known.stored)) {
        this.#finish(caller, repeated(known.reply));
        return;
      }
      const moment = known?.state === "open" ? known : this.#open(caller);
      if (!moment) return;
      moment.callers.add(caller);
      // A timer per caller costs the event loop little: Node keeps those of the same length in one list.
      caller.timer = setTimeout(() => this.#deadline(moment, caller), leftMs(question));
      const leave = (): void => this.#deadline(moment, caller);
      if (gone?.aborted) leave();
      else gone?.addEventListener("abort", leave, { once: true });
    });
  }

  /** Answers everybody who waits; who asks from now on is answered at once. */
  close(): void {
    this.#closed = true;
    for (const moment of this.#moments.values()) this.#end(moment, "over", nothing("unavailable"));
  }

  /** A new moment, with its event on the way to the stream; none when the caller has been answered already. */
  #open(caller: Caller): Moment | undefined {
    const { event, deadlineMs, startedAt } = caller.question;
    const publisher = this.link.connection?.publisher;
    if (this.#closed || !publisher) {
      this.#finish(caller, nothing("unavailable"));
      return undefined;
    }
    if (this.#waiting >= this.limits.maxWaiting) {
      this.#finish(caller, nothing("busy"));
      return undefined;
    }
    const number = ++this.#next;
    const moment: Moment = {
      number,
      key: keyOf(event),
      callers: new Set(),
      state: "open",
      stored: false,
      reply: undefined,
      forgetAt: performance.now() + deadlineMs + REMEMBER_MS,
    };
    this.#moments.set(number, moment);
    this.#byEvent.set(moment.key, moment);
    void this.#publish(
      publisher,
      moment,
      event,
      Math.round(Date.now() + leftMs({ event, deadlineMs, startedAt })),
    );
    if (this.link.connected) return moment;
    // Without a server there is nothing to wait for. The event leaves when the server is back, if that is soon.
    moment.state = "over";
    this.#finish(caller, nothing("unavailable"));
    return undefined;
  }

  async #publish(publisher: Publisher, moment: Moment, event: CheckedEvent, deadline: number): Promise<void> {
    this.#waiting++;
    const started = performance.now();
    try {
      const written = await span(
        "publish bank",
        { kind: "producer", attributes: { "messaging.system": "nats" } },
        (headers) =>
          publisher.publish(event.subject, event.body, {
            msgId: event.messageId,
            headers: {
              ...headers,
              [momentHeaders.replyTo]: subjects.momentReply(this.#inbox, moment.number),
              [momentHeaders.deadline]: String(deadline),
            },
            giveUpAfterMs: this.limits.keepMs,
          }),
      );
      moment.stored = true;
      this.metrics.publishSeconds.observe((performance.now() - started) / 1_000);
      this.metrics.accepted.add();
      if (written.kind === "written" && written.duplicate) {
        this.metrics.duplicates.add();
        this.#end(moment, "over", nothing("duplicate"));
      }
    } catch (error) {
      this.metrics.unacknowledged.add();
      this.log.error(
        { error: (error as Error).message },
        "the stream did not acknowledge the event of a moment",
      );
      this.#end(moment, "over", nothing("unavailable"));
    } finally {
      this.#waiting--;
    }
  }

  #receive(message: Msg): void {
    const moment = this.#moments.get(parseMomentReply(message.subject) ?? 0);
    const reply = readReply(message);
    if (moment && reply) this.#end(moment, "answered", reply);
    const commandId = reply?.decision?.commandId ?? reply?.commandId;
    if (commandId === undefined || !message.reply) return;
    // Told now, or before: the channel may ask twice.
    const taken: MomentTaken = { taken: moment?.reply?.decision?.commandId === commandId };
    try {
      message.respond(JSON.stringify(taken));
    } catch (error) {
      // The connection is closed: the channel will note that it does not know.
      this.log.warn({ error: (error as Error).message }, "the in-app channel was not told of a caller");
    }
  }

  #deadline(moment: Moment, caller: Caller): void {
    if (!moment.callers.delete(caller)) return;
    if (moment.callers.size === 0 && moment.state === "open") moment.state = "over";
    this.#finish(caller, nothing(moment.stored ? "deadline" : "unavailable"));
  }

  #end(moment: Moment, state: "answered" | "over", reply: MomentReply): void {
    if (moment.state !== "open") return;
    moment.state = state;
    if (state === "answered") moment.reply = reply;
    for (const caller of moment.callers) this.#finish(caller, reply);
    moment.callers.clear();
  }

  #finish({ question, resolve, timer }: Caller, { decision, reason }: MomentReply): void {
    clearTimeout(timer);
    const latencyMs = performance.now() - question.startedAt;
    this.metrics.moments.add({
      answer: decision ? "act" : "null",
      reason: MEASURED.has(reason) ? reason : "other",
    });
    this.metrics.momentSeconds.observe(latencyMs / 1_000);
    if (latencyMs > question.deadlineMs) this.metrics.momentsLate.add();
    resolve({ decision, reason, latencyMs: Math.round(latencyMs * 10) / 10 });
  }

  #forgetOld(): void {
    const now = performance.now();
    for (const moment of this.#moments.values()) {
      if (moment.state === "open" || (moment.forgetAt > now && this.#moments.size <= MAX_REMEMBERED)) return;
      this.#moments.delete(moment.number);
      if (this.#byEvent.get(moment.key) === moment) this.#byEvent.delete(moment.key);
    }
  }
}

/** Reasons that are labels of their own: a small set. */
const MEASURED: ReadonlySet<string> = new Set([
  "act",
  "none",
  "deadline",
  "unavailable",
  "duplicate",
  "busy",
  "failed",
  "elsewhere",
]);

/** The last milliseconds before the deadline belong to the way back, and to what the event loop is busy with. */
const MARGIN_MS = 50;

function leftMs({ deadlineMs, startedAt }: MomentQuestion): number {
  return deadlineMs - Math.min(MARGIN_MS, deadlineMs / 10) - (performance.now() - startedAt);
}

/** With the customer: two of them must never share an answer. */
function keyOf(event: CheckedEvent): string {
  return `${event.customerId} ${event.messageId}`;
}

function nothing(reason: string): MomentReply {
  return { decision: null, reason };
}

/** What is told to who asks again: the same, while it may be shown. */
function repeated(reply: MomentReply | undefined): MomentReply {
  if (!reply || (reply.decision && reply.decision.expiresAt <= Date.now())) return nothing("duplicate");
  return reply;
}

function readReply(message: Msg): MomentReply | undefined {
  try {
    return momentReplyV1.safeParse(message.json()).data;
  } catch {
    return undefined;
  }
}
