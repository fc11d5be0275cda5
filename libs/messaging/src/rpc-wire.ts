/**
 * How calls travel. One message carries all calls of one pattern that the caller made in one turn of its event loop, and
 * one message carries the answers that became ready in one turn of the callee's, so that the cost of a message (a write, the
 * server's wake-up, its routing) is shared. Answers come as they become ready: a slow one holds up none.
 *
 *   call     subject: the pattern; reply: `<inbox>.<id of the first call>`, only for the server's "no responders"
 *            `{"pattern", "to": "<inbox>.0", "batch": [{"id", "deadline", "headers"?, "data"}, …]}`
 *   answer   subject: `to`
 *            `[{"id", "response"} | {"id", "err"}, …]`
 *
 * `deadline` (epoch ms) and `headers` are per call. A request in the format of Nest's NATS transport, `{"pattern", "data",
 * "id"}` with its headers in the message, is answered in Nest's format, `{"response" | "err", "isDisposed", "id"}`, to its
 * reply subject: other clients can call too.
 */

/** Characters of JSON in one message: at most three bytes each, which stays below the server's limit of 1 MB. */
export const MAX_BATCH_CHARS = 256 * 1_024;
/** Calls in one message: what one message brings is handled by one instance. */
export const MAX_BATCH_CALLS = 64;

export interface WireCall {
  readonly id: number;
  readonly deadline: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data: unknown;
}

export interface WireBatch {
  readonly pattern: string;
  readonly to: string;
  readonly batch: readonly WireCall[];
}

/** Nest's format, as far as it is read. */
export interface PlainRequest {
  readonly id?: string;
  readonly data?: unknown;
}

export interface WireAnswer {
  readonly id: number;
  readonly response?: unknown;
  readonly err?: unknown;
}

/** JSON texts that go into messages together, in their order: as many as a message takes, one that is larger alone. */
export function* inMessages<T extends { readonly text: string }>(
  items: readonly T[],
  maxItems = Infinity,
): Generator<readonly T[]> {
  let from = 0;
  let chars = 0;
  for (let i = 0; i < items.length; i++) {
    const length = items[i]!.text.length + 1;
    if (i > from && (chars + length > MAX_BATCH_CHARS || i - from >= maxItems)) {
      yield items.slice(from, i);
      from = i;
      chars = 0;
    }
    chars += length;
  }
  if (from === 0) yield items;
  else yield items.slice(from);
}

/** JSON of the texts as one array. */
export function jsonArray(items: readonly { readonly text: string }[]): string {
  let array = "[";
  for (const { text } of items) array += array.length === 1 ? text : `,${text}`;
  return array + "]";
}
