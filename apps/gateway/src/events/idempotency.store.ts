/**
 * Remembers answers by `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), in this process and for
 * some minutes. It is a courtesy: what makes a retry harmless, also through another instance, is that an event
 * is recognised by its source and id. Only answers that were given are kept: a refused or failed request may be
 * sent again under its key, corrected or not. Bounded by entries and by bytes; the oldest leaves first.
 */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { headerOf, type GatewayRequest } from "../http-request.js";
import { ProblemError } from "../problem.js";

interface Entry {
  readonly fingerprint: string;
  readonly answer: Promise<unknown>;
  readonly expiresAt: number;
  bytes: number;
}

export interface Remembered<T> {
  readonly answer: T;
  /** True when it is the answer of an earlier request. */
  readonly replayed: boolean;
}

export interface IdempotencyOptions {
  readonly keepMs: number;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** Wall clock, epoch ms. */
  readonly now?: () => number;
}

const KEY = /^[\x20-\x7e]{1,255}$/;

export class IdempotencyStore {
  readonly #entries = new Map<string, Entry>();
  readonly #keepMs: number;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  constructor({
    keepMs,
    maxEntries = 10_000,
    maxBytes = 32 * 1_024 * 1_024,
    now = Date.now,
  }: IdempotencyOptions) {
    this.#keepMs = keepMs;
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** `run` by the `Idempotency-Key` of a request; the reply says in a header when its answer was given before. */
  async answer<T>(
    request: GatewayRequest,
    reply: FastifyReply,
    fingerprint: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const { answer, replayed } = await this.run(headerOf(request, "idempotency-key"), fingerprint, work);
    if (replayed) void reply.header("Idempotency-Replayed", "true");
    return answer;
  }

  /**
   * Runs the work, or answers what it answered under the same key. A request that comes while the first one
   * is under way waits for it. Without a key it just runs. Throws `idempotency-key-reused` for another request.
   */
  async run<T>(key: string | undefined, fingerprint: string, work: () => Promise<T>): Promise<Remembered<T>> {
    if (key === undefined) return { answer: await work(), replayed: false };
    if (!KEY.test(key)) {
      throw new ProblemError("invalid-request", "Idempotency-Key must be 1 to 255 visible ASCII characters.");
    }
    this.#forgetExpired();
    const known = this.#entries.get(key);
    if (known) {
      if (known.fingerprint !== fingerprint) {
        throw new ProblemError(
          "idempotency-key-reused",
          "This Idempotency-Key was sent before with another request.",
        );
      }
      return { answer: (await known.answer) as T, replayed: true };
    }
    const answer = work();
    const entry: Entry = { fingerprint, answer, expiresAt: this.#now() + this.#keepMs, bytes: 0 };
    this.#entries.set(key, entry);
    try {
      const value = await answer;
      if (this.#entries.get(key) === entry) {
        entry.bytes = JSON.stringify(value).length + key.length;
        this.#bytes += entry.bytes;
        this.#trim();
      }
      return { answer: value, replayed: false };
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  // A Map keeps the order of insertion, and all entries live equally long: the first is the oldest.
  #forgetExpired(): void {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAt > now) return;
      this.#forget(key, entry);
    }
  }

  #trim(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#bytes <= this.#maxBytes) return;
      this.#forget(key, entry);
    }
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

/** What makes two requests the same one. */
export function fingerprintOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    // The length in front keeps ("ab", "c") apart from ("a", "bc").
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest("hex");
}
