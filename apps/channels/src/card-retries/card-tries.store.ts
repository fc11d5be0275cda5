/**
 * How often each card and amount was tried, and what the issuers said: bucket `tries`, one bounded entry per card and amount,
 * written only by compare-and-set and kept for 30 days after the last try.
 *
 * A try is written before the acquirer is asked. So a crash in between counts one try too many, never one too few; of
 * two that claim at once one finds the other's; a command that comes twice finds its own first try.
 */
import { createHash } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { Kvm, type KV } from "@nats-io/kv";
import { nuid, type NatsConnection } from "@nats-io/nats-core";
import { z } from "zod";
import {
  afterDecline,
  nextAcquirer,
  NO_TRIES,
  RETRY_MEMORY_MS,
  retryRefusal,
  withTry,
  type CardScheme,
  type Decline,
  type RetryRefusal,
  type TryLedger,
} from "#domain";
import { sleep, type Publisher } from "#messaging";

const BUCKET = "tries";
const TTL_SECONDS = RETRY_MEMORY_MS / 1_000;
const CONFLICT_PAUSE_MS = 5;

const entryV1 = z.object({
  tries: z.array(
    z.object({
      id: z.string(),
      at: z.number(),
      acquirer: z.string().optional(),
      /** Which call wrote it: told twice, a try is made once. */
      by: z.string().optional(),
    }),
  ),
  neverSince: z.number().optional(),
  notBefore: z.number().optional(),
});
type Entry = z.infer<typeof entryV1>;

/** A card payment that was declined, as its event told it. */
export interface DeclinedPayment extends Decline {
  readonly paymentId: string;
  /** The bank's token of the card, never its number. */
  readonly cardId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly scheme: CardScheme;
  /** The acquirer that was asked first. */
  readonly acquirer?: string | undefined;
  /** When it was declined, epoch ms. */
  readonly at: number;
}

export type Claim =
  | { readonly kind: "granted"; readonly acquirer: string }
  | { readonly kind: "refused"; readonly reason: RetryRefusal | "already_tried" | "no_other_acquirer" };

export class CardTries {
  readonly #nc: NatsConnection;
  readonly #publisher: Publisher;
  #kv: Promise<KV> | undefined;

  constructor(nc: NatsConnection, publisher: Publisher) {
    this.#nc = nc;
    this.#publisher = publisher;
  }

  /**
   * Claims one more try of the payment's card and amount at `at` (epoch ms), under an id that names it for good. Granted, it is
   * on record and may be made once. Rejects when the bucket cannot be reached: then nothing may be sent.
   */
  async claim(
    payment: DeclinedPayment,
    id: string,
    at: number,
    acquirers: readonly string[],
  ): Promise<Claim> {
    const by = nuid.next();
    let claim: Claim | undefined;
    await this.#change(payment, (before) => {
      const mine = before.tries.find((t) => t.id === id);
      if (mine) {
        // The write was stored and its acknowledgement lost, or somebody else has made this try.
        claim =
          "by" in mine && mine.by === by && mine.acquirer !== undefined
            ? { kind: "granted", acquirer: mine.acquirer }
            : { kind: "refused", reason: "already_tried" };
        return undefined;
      }
      const known = knowing(before, payment);
      const refusal = retryRefusal(known, payment.scheme, at);
      const acquirer = nextAcquirer(
        known,
        acquirers.filter((a) => a !== payment.acquirer),
      );
      if (refusal !== undefined || acquirer === undefined) {
        claim = { kind: "refused", reason: refusal ?? "no_other_acquirer" };
        return known;
      }
      claim = { kind: "granted", acquirer };
      const attempt = { id, at, acquirer, by };
      return withTry(known, attempt);
    });
    return claim!;
  }

  /** Puts on record how the acquirer declined the try: after some answers there is no other. */
  async declined(payment: DeclinedPayment, decline: Decline, at: number): Promise<void> {
    await this.#change(payment, (before) => afterDecline(before, payment.scheme, decline, at));
  }

  /** Reads, changes and writes until nobody came in between; `undefined` writes nothing. */
  async #change(
    payment: DeclinedPayment,
    change: (before: TryLedger) => TryLedger | undefined,
  ): Promise<void> {
    const key = keyOf(payment);
    for (;;) {
      const kv = await this.#bucket();
      const stored = await kv.get(key);
      const before: Entry = stored?.operation === "PUT" ? entryV1.parse(stored.json()) : { ...EMPTY };
      const after = change(before);
      if (after === undefined || after === before) return;
      const revision = stored?.revision ?? 0;
      // Not `kv.update`: it would drop the entry's time to live.
      const result = await this.#publisher.publish(`$KV.${BUCKET}.${key}`, JSON.stringify(after), {
        msgId: `${key}:${nuid.next()}`,
        headers: { "Nats-TTL": `${TTL_SECONDS}s` },
        expectLastSubjectSequence: revision,
      });
      if (result.kind === "written") return;
      await sleep(CONFLICT_PAUSE_MS);
    }
  }

  #bucket(): Promise<KV> {
    this.#kv ??= new Kvm(jetstream(this.#nc)).open(BUCKET).catch((error: unknown) => {
      this.#kv = undefined;
      throw error;
    });
    return this.#kv;
  }
}

const EMPTY = NO_TRIES as Entry;

/** The ledger with what the payment's own event tells: its first try, and how that was declined. */
function knowing(ledger: TryLedger, payment: DeclinedPayment): TryLedger {
  const { paymentId, at, acquirer, scheme } = payment;
  const id = `payment:${paymentId}`;
  if (ledger.tries.some((t) => t.id === id)) return ledger;
  return afterDecline(withTry(ledger, { id, at, acquirer }), scheme, payment, at);
}

/** The schemes count per card, amount and currency. A hash: the token of a card is nobody's business here. */
function keyOf({ cardId, amountMinor, currency, scheme }: DeclinedPayment): string {
  return createHash("sha256")
    .update(JSON.stringify([scheme, cardId, amountMinor, currency]))
    .digest("hex")
    .slice(0, 32);
}
