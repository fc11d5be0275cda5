/** How a message that cannot be handled is put into DLQ, so that it can be read, understood and sent again. */
import type { MsgHdrs } from "@nats-io/nats-core";
import { dlqHeaders, type DlqReason } from "#contracts";

export interface DeadLetter {
  /** Subject, stream and sequence where the message stands. */
  readonly subject: string;
  readonly stream: string;
  readonly seq: number;
  readonly headers: MsgHdrs | undefined;
  readonly reason: DlqReason;
  readonly detail: string;
}

/** Prefix of an original `Nats-…` header in DLQ: under its own name it would order the server to do something. */
export const ORIGINAL_HEADER_PREFIX = "Segue-Original-";
const DETAIL_CHARS = 512;

/** Headers of a DLQ message: where it came from and why, and the original ones. */
export function deadLetterHeaders(letter: DeadLetter): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of letter.headers?.keys() ?? []) {
    const value = letter.headers!.values(name).join(", ");
    out[/^nats-/i.test(name) ? `${ORIGINAL_HEADER_PREFIX}${name}` : name] = value;
  }
  out[dlqHeaders.reason] = letter.reason;
  out[dlqHeaders.detail] = letter.detail.replace(/[^\x20-\x7e]+/g, " ").slice(0, DETAIL_CHARS);
  out[dlqHeaders.subject] = letter.subject;
  out[dlqHeaders.stream] = letter.stream;
  out[dlqHeaders.sequence] = String(letter.seq);
  return out;
}

/** Message id of a DLQ entry: one per stored message. */
export function deadLetterId(stream: string, seq: number): string {
  return `dlq:${stream}:${seq}`;
}
