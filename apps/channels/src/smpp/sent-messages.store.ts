/**
 * What a message centre has taken, until it is known what became of it: bucket `sent`. So a receipt finds its command also
 * in another process, or after a restart, a command that was interrupted can be asked about, and a reply finds its customer.
 *
 * Keys: `leg.<customer>.<provider>.<hash of the command>.<attempt>` with the message ids, `id.<provider>.<hash of the message id>`
 * with the leg's key, and `number.<hash of the number>` with the customer. No number and no text stands in it. Entries expire
 * by themselves.
 */
import { createHash } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { Kvm, type KV } from "@nats-io/kv";
import { nuid, type NatsConnection } from "@nats-io/nats-core";
import { z } from "zod";
import { sleep, type Publisher } from "#messaging";
import type { SendOrder } from "../provider.port.js";
import type { MessageState } from "./delivery-receipt.js";

const BUCKET = "sent";
/** Longer than a centre keeps a message, and a command lives. */
const TTL_SECONDS = 14 * 24 * 3_600;
const CONFLICT_PAUSE_MS = 5;

const sentV1 = z.object({
  /** Of each part, in order: the centre's id, and what is known of it. */
  parts: z.array(z.object({ id: z.string(), state: z.string().optional() })).min(1),
});
export type Sent = z.infer<typeof sentV1>;
export type SentLeg = Pick<SendOrder, "customerId" | "commandId" | "attempt">;

export class SentMessages {
  readonly #nc: NatsConnection;
  readonly #publisher: Publisher;
  readonly #provider: string;
  #kv: Promise<KV> | undefined;

  /** `provider`: whose message ids they are. */
  constructor(nc: NatsConnection, publisher: Publisher, provider: string) {
    this.#nc = nc;
    this.#publisher = publisher;
    this.#provider = provider;
  }

  /** Puts on record which ids the parts of a leg have, and whose number it went to. Rejects when the bucket cannot be reached. */
  async put(leg: SentLeg, number: string, messageIds: readonly string[]): Promise<void> {
    const key = this.#legKey(leg);
    await Promise.all([
      this.#write(numberKey(number), JSON.stringify(leg.customerId), undefined),
      ...messageIds.map((id) => this.#write(this.#idKey(id), JSON.stringify(key), undefined)),
    ]);
    await this.#write(key, JSON.stringify({ parts: messageIds.map((id) => ({ id })) }), undefined);
  }

  /** What is known of a leg; `undefined`: that it was taken is not on record. */
  async of(leg: SentLeg): Promise<Sent | undefined> {
    return (await this.#read(this.#legKey(leg)))?.sent;
  }

  /** To whom something was last sent at this number. */
  async lastCustomerOf(number: string): Promise<string | undefined> {
    const entry = await (await this.#bucket()).get(numberKey(number));
    return entry?.operation === "PUT" ? z.string().parse(entry.json()) : undefined;
  }

  /** Puts on record what became of a message; answers the whole leg, or `undefined` when the message is not known. */
  async report(messageId: string, state: MessageState): Promise<Sent | undefined> {
    const kv = await this.#bucket();
    const entry = await kv.get(this.#idKey(messageId));
    if (entry?.operation !== "PUT") return undefined;
    const key = z.string().parse(entry.json());
    for (;;) {
      const stored = await this.#read(key);
      if (!stored) return undefined;
      const sent = { parts: stored.sent.parts.map((p) => (p.id === messageId ? { ...p, state } : p)) };
      if (await this.#write(key, JSON.stringify(sent), stored.revision)) return sent;
      await sleep(CONFLICT_PAUSE_MS);
    }
  }

  async #read(key: string): Promise<{ sent: Sent; revision: number } | undefined> {
    const entry = await (await this.#bucket()).get(key);
    return entry?.operation === "PUT"
      ? { sent: sentV1.parse(entry.json()), revision: entry.revision }
      : undefined;
  }

  /** Answers false when somebody has written since. Not `kv.update`: it would drop the time to live. */
  async #write(key: string, text: string, revision: number | undefined): Promise<boolean> {
    const result = await this.#publisher.publish(`$KV.${BUCKET}.${key}`, text, {
      msgId: `${key}:${nuid.next()}`,
      headers: { "Nats-TTL": `${TTL_SECONDS}s` },
      ...(revision === undefined ? {} : { expectLastSubjectSequence: revision }),
    });
    return result.kind === "written";
  }

  #legKey({ customerId, commandId, attempt }: SentLeg): string {
    return `leg.${customerId}.${this.#provider}.${hash(commandId)}.${attempt}`;
  }

  /** A centre may give ids that are no tokens. */
  #idKey(messageId: string): string {
    return `id.${this.#provider}.${hash(messageId)}`;
  }

  #bucket(): Promise<KV> {
    this.#kv ??= new Kvm(jetstream(this.#nc)).open(BUCKET).catch((error: unknown) => {
      this.#kv = undefined;
      throw error;
    });
    return this.#kv;
  }
}

function numberKey(number: string): string {
  return `number.${hash(number.replace(/\D/g, ""))}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
