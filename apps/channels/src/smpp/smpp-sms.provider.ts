/**
 * SMS through a message centre that speaks SMPP 3.4. The centre's answer says that it has taken a message, its receipt what became of
 * it; where a receipt is missing, the centre is asked.
 *
 * Never a silent second send: a submit without an answer, or a text of which only some parts were taken, ends as `unknown`.
 */
import { fnv1a32, type Command } from "#contracts";
import { sleep } from "#messaging";
import type { ChannelProvider, Receipt, Reports, SendOrder, SendResult } from "../provider.port.js";
import { deliveryReceipt, isReceipt, type DeliveryReceipt, type MessageState } from "./delivery-receipt.js";
import type { PduOf, ShortMessage, SmppAddress } from "./pdu.js";
import type { SentLeg, SentMessages, Sent } from "./sent-messages.store.js";
import { SmppLink, type SmppLinkOptions } from "./smpp-link.js";
import { readSms, smsParts, TextTooLong } from "./sms-text.js";

/** Where a customer's number comes from. Numbers never enter a subject, a log or a span. */
export interface PhoneBook {
  /** In international form, digits alone; `undefined` when there is none. */
  phoneOf(customerId: string): Promise<string | undefined>;
}

/** A text that somebody has sent to us. */
export interface InboundSms {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export interface SmppSmsOptions extends Omit<SmppLinkOptions, "onDeliver"> {
  /** Who it is from: a number (`+420…`), a short code (`12345`), or up to 11 letters. */
  readonly from: string;
  readonly phones: PhoneBook;
  readonly sent: Pick<SentMessages, "put" | "of" | "report">;
  /** How long a text waits for a link and for room, ms; without it as long as it is worth sending. */
  readonly patienceMs?: number | undefined;
  /** Takes a text that came in. It is acknowledged to the centre once this resolves. */
  readonly onMessage: (message: InboundSms) => Promise<void>;
}

interface Awaited {
  readonly reports: Reports;
  readonly started: number;
  readonly leg: SentLeg;
}

/** How long a query of a message may take. */
const QUERY_WITHIN_MS = 3_000;
/** A receipt may overtake the record of what it is about, also that of another process: it is looked for so long. */
const RECORD_WITHIN_MS = 2_000;
const RECORD_POLL_MS = 50;
/** Bounds of what is held in memory; the oldest leaves first. */
const MOST_AWAITED = 100_000;
const MOST_CONCATENATIONS = 1_000;
const MAX_NUMBER_DIGITS = 15;
const MINUTE_MS = 60_000;

export class SmppSmsProvider implements ChannelProvider {
  readonly name = "smpp";
  readonly time = "wall";
  readonly #options: SmppSmsOptions;
  readonly #link: SmppLink;
  readonly #from: SmppAddress;
  /** Legs whose receipts are waited for, by message id. */
  readonly #awaited = new Map<string, Awaited>();
  /** Parts of texts that are not whole yet, by sender and reference. */
  readonly #concatenations = new Map<string, Map<number, string>>();

  constructor(options: SmppSmsOptions) {
    this.#options = options;
    this.#from = senderAddress(options.from);
    this.#link = new SmppLink({ ...options, onDeliver: (message) => this.#delivered(message) });
  }

  get up(): boolean {
    return this.#link.up;
  }

  async send(order: SendOrder, reports: Reports): Promise<SendResult> {
    const started = performance.now();
    const afterMs = (): number => Math.round(performance.now() - started);
    const number = await this.#options.phones.phoneOf(order.customerId);
    if (number === undefined) return { status: "rejected", reason: "no_address", afterMs: afterMs() };
    if (!/^\d+$/.test(number) || number.length > MAX_NUMBER_DIGITS)
      return { status: "rejected", reason: "invalid_address", afterMs: afterMs() };
    let messages: ShortMessage[];
    try {
      messages = this.#messages(order, number);
    } catch (error) {
      if (!(error instanceof TextTooLong)) throw error;
      return { status: "rejected", reason: "text_too_long", afterMs: afterMs() };
    }
    const ids: string[] = [];
    const patienceMs = Math.min(order.receiptTimeoutMs, this.#options.patienceMs ?? Infinity);
    for (const message of messages) {
      const answer = await this.#link.submit(message, patienceMs - afterMs());
      if (answer.kind === "taken") {
        ids.push(answer.messageId);
        continue;
      }
      if (answer.kind === "unanswered") return { status: "unknown", reason: "no_answer", afterMs: afterMs() };
      if (ids.length > 0) return { status: "unknown", reason: "partly_sent", afterMs: afterMs() };
      const reason = answer.kind === "unsent" ? "provider_unavailable" : refusalReason(answer.status);
      return { status: "rejected", reason, afterMs: afterMs() };
    }
    const { customerId, commandId, attempt } = order;
    const leg = { customerId, commandId, attempt };
    for (const id of ids) bounded(this.#awaited, MOST_AWAITED).set(id, { reports, started, leg });
    await this.#options.sent.put(leg, number, ids);
    return { status: "accepted", afterMs: afterMs() };
  }

  /** Asks the centre about a command that another process, or an earlier run of this one, may have sent. */
  async withdraw(command: Command, reason: string): Promise<boolean | undefined> {
    const sent = await this.#options.sent.of(command);
    // Not on record as taken: sure only when no send of it can have been under way.
    if (!sent) return reason === "interrupted" ? undefined : false;
    const parts = await Promise.all(
      sent.parts.map(async ({ id, state }) =>
        isFinal(state) ? state : ((await this.#link.query(id, this.#from, QUERY_WITHIN_MS)) ?? state),
      ),
    );
    const result = resultOf({ parts: parts.map((state) => ({ id: "", state })) });
    return result === "delivered" ? true : result === "failed" ? false : undefined;
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #messages(order: SendOrder, number: string): ShortMessage[] {
    // The same for each try of the same leg, so that a phone takes the parts of both for one text.
    const reference = fnv1a32(`${order.commandId}.${order.attempt}`) & 0xff;
    const { parts, dataCoding, esmClass } = smsParts(order.body, reference);
    return parts.map((text) => ({
      serviceType: "",
      source: this.#from,
      destination: { ton: 1, npi: 1, address: number },
      esmClass,
      protocolId: 0,
      priority: 0,
      scheduleAt: "",
      // Later the next channel has the command: a text that arrived then would say it twice.
      validity: relativeTime(order.receiptTimeoutMs),
      registeredDelivery: 1,
      replaceIfPresent: 0,
      dataCoding,
      defaultMessageId: 0,
      text,
    }));
  }

  async #delivered(message: PduOf<"deliver_sm">): Promise<void> {
    if (!isReceipt(message)) return this.#received(message);
    const receipt = deliveryReceipt(message);
    if (receipt) await this.#report(receipt);
  }

  async #report(receipt: DeliveryReceipt): Promise<void> {
    if (receipt.state === "pending") return;
    const sent = await this.#recorded(receipt);
    const awaited = this.#awaited.get(receipt.messageId);
    if (!sent || !awaited) return;
    const result = resultOf(sent);
    if (result === "open") return;
    for (const { id } of sent.parts) this.#awaited.delete(id);
    const afterMs = Math.round(performance.now() - awaited.started);
    const told: Receipt =
      result === "delivered"
        ? { status: "delivered", afterMs }
        : { status: "rejected", reason: receipt.state, afterMs };
    awaited.reports.receipt(told);
  }

  /** `undefined`: it is about a message that is not ours. */
  async #recorded({ messageId, state }: DeliveryReceipt): Promise<Sent | undefined> {
    const until = performance.now() + RECORD_WITHIN_MS;
    for (;;) {
      const sent = await this.#options.sent.report(messageId, state);
      if (sent || performance.now() >= until) return sent;
      await sleep(RECORD_POLL_MS);
    }
  }

  async #received({ body }: PduOf<"deliver_sm">): Promise<void> {
    const part = readSms(body.text, body.dataCoding, body.esmClass);
    const from = body.source.address;
    const to = body.destination.address;
    if (!part.of) return this.#options.onMessage({ from, to, text: part.text });
    const key = `${from}:${part.of.reference}:${part.of.total}`;
    const known = this.#concatenations.get(key) ?? new Map<number, string>();
    known.set(part.of.number, part.text);
    bounded(this.#concatenations, MOST_CONCATENATIONS).set(key, known);
    if (known.size < part.of.total) return;
    this.#concatenations.delete(key);
    const text = [...known]
      .sort(([a], [b]) => a - b)
      .map(([, t]) => t)
      .join("");
    await this.#options.onMessage({ from, to, text });
  }
}

/** Makes room for one more: the oldest entry leaves. */
function bounded<K, V>(map: Map<K, V>, most: number): Map<K, V> {
  if (map.size >= most) for (const oldest of map.keys()) return (map.delete(oldest), map);
  return map;
}

/** All parts delivered, one that never will be, or neither yet. */
function resultOf({ parts }: Sent): "delivered" | "failed" | "open" {
  if (parts.every((p) => p.state === "delivered")) return "delivered";
  return parts.some((p) => isFinal(p.state) && p.state !== "delivered" && p.state !== "unknown")
    ? "failed"
    : "open";
}

function isFinal(state: string | undefined): state is MessageState {
  return state !== undefined && state !== "pending";
}

/** A code for a refusal: addresses and routes are the customer's, the rest is ours or the centre's. */
function refusalReason(status: number): string {
  const NUMBER = [0x0b, 0x48, 0x50, 0x51];
  return NUMBER.includes(status) ? "invalid_address" : `smpp_0x${status.toString(16).padStart(2, "0")}`;
}

/** Throws RangeError for what no phone could show. */
export function senderAddress(from: string): SmppAddress {
  if (/^\+\d{5,15}$/.test(from)) return { ton: 1, npi: 1, address: from.slice(1) };
  if (/^\d{3,8}$/.test(from)) return { ton: 3, npi: 0, address: from };
  if (/^[A-Za-z0-9 ]{1,11}$/.test(from) && /[A-Za-z]/.test(from)) return { ton: 5, npi: 0, address: from };
  throw new RangeError(
    `${JSON.stringify(from)} cannot be a sender: use a number with its country (+420…), a short code of 3 to 8 digits, or up to 11 letters and digits`,
  );
}

/** A relative time of SMPP (§7.1.1.2), rounded up to whole minutes, at most 63 days. */
export function relativeTime(ms: number): string {
  const minutes = Math.min(Math.ceil(ms / MINUTE_MS), 63 * 24 * 60);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `0000${two(Math.floor(minutes / 1_440))}${two(Math.floor(minutes / 60) % 24)}${two(minutes % 60)}00000R`;
}
