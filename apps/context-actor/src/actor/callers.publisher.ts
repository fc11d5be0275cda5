import type { NatsConnection } from "@nats-io/nats-core";
import type { MomentReply } from "#contracts";
import type { Callers } from "./moment-answers.js";

/** Tells the gateway at which the caller of a moment waits. */
export class CallersPublisher implements Callers {
  constructor(private readonly nc: NatsConnection) {}

  tellNothing(replyTo: string, reason: string): void {
    const reply: MomentReply = { decision: null, reason };
    try {
      this.nc.publish(replyTo, JSON.stringify(reply));
    } catch {
      // The connection is closing: the caller's deadline serves.
    }
  }
}
