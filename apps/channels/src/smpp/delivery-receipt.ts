/**
 * What a message centre says later of a message that it took: a `deliver_sm` of its own kind (SMPP 3.4 §5.2.12, appendix B). The
 * optional parameters count where they are given; the text is a habit that centres differ in.
 */
import { TAG, type PduOf } from "./pdu.js";

export type MessageState =
  "delivered" | "undeliverable" | "expired" | "deleted" | "rejected" | "pending" | "unknown";

export interface DeliveryReceipt {
  readonly messageId: string;
  readonly state: MessageState;
  /** The network's own code, as given. */
  readonly error?: string;
}

/** Bits of `esm_class` that tell what a `deliver_sm` is. */
const MESSAGE_TYPE = 0x3c;
const IS_RECEIPT = 0x04;

/** §5.2.28 */
const STATES: Readonly<Record<number, MessageState>> = {
  1: "pending",
  2: "delivered",
  3: "expired",
  4: "deleted",
  5: "undeliverable",
  6: "pending",
  7: "unknown",
  8: "rejected",
};
/** Appendix B */
const WORDS: Readonly<Record<string, MessageState>> = {
  ENROUTE: "pending",
  DELIVRD: "delivered",
  EXPIRED: "expired",
  DELETED: "deleted",
  UNDELIV: "undeliverable",
  ACCEPTD: "pending",
  UNKNOWN: "unknown",
  REJECTD: "rejected",
};

/** The state that a number of `message_state` stands for. */
export function stateOf(state: number): MessageState {
  return STATES[state] ?? "unknown";
}

export function isReceipt({ body }: PduOf<"deliver_sm">): boolean {
  return (body.esmClass & MESSAGE_TYPE) === IS_RECEIPT;
}

/** Reads a receipt; `undefined` when it does not say of which message. */
export function deliveryReceipt({ body, options }: PduOf<"deliver_sm">): DeliveryReceipt | undefined {
  const option = (tag: number): Buffer | undefined => options.find(([t]) => t === tag)?.[1];
  const text = (body.text.length > 0 ? body.text : (option(TAG.messagePayload) ?? body.text)).toString(
    "latin1",
  );
  const messageId =
    option(TAG.receiptedMessageId)?.toString("latin1").replace(/\0+$/, "") ?? /\bid:(\S+)/i.exec(text)?.[1];
  if (messageId === undefined || messageId === "") return undefined;
  const state = option(TAG.messageState)?.[0];
  const word = /\bstat:(\S+)/i.exec(text)?.[1]?.toUpperCase();
  const error = /\berr:(\S+)/i.exec(text)?.[1];
  return {
    messageId,
    state: state === undefined ? (WORDS[word ?? ""] ?? "unknown") : stateOf(state),
    ...(error === undefined || /^0*$/.test(error) ? {} : { error }),
  };
}
