import type { JsMsg } from "@nats-io/jetstream";
import { dlqHeaders, fnv1a32, PARTITIONS, parseEvt, subjects } from "#contracts";
import type { Publisher } from "#messaging";
import type { DeadLetters } from "./customer-actor.js";

const MAX_DETAIL_CHARS = 500;

/** Puts events that cannot be applied into DLQ with the reason, the original bytes and headers. */
export class DeadLetterPublisher implements DeadLetters {
  constructor(private readonly publisher: Publisher) {}

  async put(message: JsMsg, reason: string, detail: string): Promise<void> {
    const partition = parseEvt(message.subject)?.partition ?? fnv1a32(message.subject) % PARTITIONS;
    const headers: Record<string, string> = {};
    for (const key of message.headers?.keys() ?? []) {
      // The server's own headers would act again on the DLQ stream.
      if (!key.toLowerCase().startsWith("nats-")) headers[key] = message.headers!.get(key);
    }
    headers[dlqHeaders.reason] = reason;
    headers[dlqHeaders.detail] = oneLine(detail);
    headers[dlqHeaders.subject] = message.subject;
    headers[dlqHeaders.stream] = message.info.stream;
    headers[dlqHeaders.sequence] = String(message.seq);
    await this.publisher.publish(subjects.dlq(partition, "event"), message.data, {
      msgId: `${message.info.stream}:${message.seq}`,
      headers,
    });
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, MAX_DETAIL_CHARS);
}
