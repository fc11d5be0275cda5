import { InvalidArgumentError } from "@nats-io/nats-core";
import { dlqHeaders, fnv1a32, MAX_EVENT_BYTES, PARTITIONS, parseEvt, subjects } from "#contracts";
import { deadLetterHeaders, type DeadLetter, type Publisher, type StreamMessage } from "#messaging";
import type { DeadLetters } from "./customer-actor.js";

/** Puts events that cannot be applied into DLQ with the reason, the original bytes and headers. */
export class DeadLetterPublisher implements DeadLetters {
  constructor(private readonly publisher: Publisher) {}

  async put(message: StreamMessage, reason: DeadLetter["reason"], detail: string): Promise<void> {
    const partition = parseEvt(message.subject)?.partition ?? fnv1a32(message.subject) % PARTITIONS;
    const { stream } = message;
    const about = { subject: message.subject, stream, seq: message.seq, reason, detail };
    const subject = subjects.dlq(partition, "event");
    const msgId = `${stream}:${message.seq}`;
    try {
      const headers = deadLetterHeaders({ ...about, headers: message.headers });
      await this.publisher.publish(subject, message.data, { msgId, headers });
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      // Headers that cannot be read or written, or no room for ours beside a body of the server's largest size. The
      // whole of it stands in its stream, at the sequence that the entry names.
      const headers = {
        ...deadLetterHeaders({ ...about, headers: undefined }),
        [dlqHeaders.cut]: String(message.data.length),
      };
      await this.publisher.publish(subject, message.data.subarray(0, MAX_EVENT_BYTES), { msgId, headers });
    }
  }
}
