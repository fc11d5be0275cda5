/**
 * Moments over NATS request/reply: `rpc.moment.<customer>`, shared by all gateways. The answer is a `MomentAnswer`, or a
 * problem, with its status in the header that NATS services use for it.
 */
import { randomUUID } from "node:crypto";
import { headers, type Msg, type Subscription } from "@nats-io/nats-core";
import { parseMoment, subjects } from "#contracts";
import { isRecord, type EventLimits } from "../events/event-check.js";
import { parseJson, refuseLarge } from "../events/event-body.js";
import type { Logger } from "#telemetry";
import type { NatsLink } from "../nats-link.js";
import { problemBody, ProblemError } from "../problem.js";
import { readMoment } from "./moment-request.js";
import type { Moments } from "./moments.js";

const QUEUE = "gateway";
const ERROR_CODE = "Nats-Service-Error-Code";

export class MomentResponder {
  #subscription: Subscription | undefined;

  constructor(
    link: NatsLink,
    private readonly moments: Moments,
    private readonly limits: EventLimits,
    private readonly log: Pick<Logger, "warn">,
  ) {
    link.onConnect(({ nc }) => {
      this.#subscription = nc.subscribe(subjects.momentAll, {
        queue: QUEUE,
        callback: (error, message) => {
          if (!error) void this.#answer(message, performance.now());
        },
      });
    });
  }

  /** Takes no more; those that wait are answered by `Moments.close`. */
  stop(): void {
    this.#subscription?.unsubscribe();
  }

  async #answer(message: Msg, startedAt: number): Promise<void> {
    let answer: string;
    const head = headers();
    try {
      const body = Buffer.from(message.data);
      refuseLarge(body);
      const envelope = forCustomer(parseJson(body), parseMoment(message.subject));
      answer = JSON.stringify(
        await this.moments.ask({ ...readMoment(envelope, undefined, this.limits), startedAt }),
      );
    } catch (error) {
      const problem = asProblem(error);
      head.set(ERROR_CODE, String(problem.status));
      head.set("Content-Type", "application/problem+json");
      answer = JSON.stringify(problemBody(problem, randomUUID()));
    }
    try {
      message.respond(answer, { headers: head });
    } catch (error) {
      // The connection is closed: nobody can be answered over it.
      this.log.warn({ error: (error as Error).message }, "the answer to a moment could not be sent");
    }
  }
}

function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError("internal-error", "The gateway could not answer.", { cause: error });
}

/** The customer of the NATS subject counts; an envelope without one gets it. */
function forCustomer(envelope: unknown, customerId: string | undefined): unknown {
  if (customerId === undefined)
    throw new ProblemError(
      "unsafe-subject",
      "Ask at rpc.moment.<customer>: 1 to 64 characters of A-Z a-z 0-9 _ -.",
    );
  if (!isRecord(envelope)) return envelope;
  if (envelope["subject"] === undefined) return { ...envelope, subject: customerId };
  if (envelope["subject"] !== customerId)
    throw new ProblemError("unsafe-subject", "The event's subject is not the customer of the NATS subject.");
  return envelope;
}
