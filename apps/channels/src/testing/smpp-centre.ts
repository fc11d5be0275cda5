/**
 * A message centre of its own process, built on the package `smpp` (another implementation of the protocol than ours). The last
 * digit of a number says what becomes of a message to it (`BEHAVIOUR`); what came in, and what it is told to do, goes over IPC.
 */
import smpp, { type SmppPdu, type SmppServerSession } from "smpp";

/** By the last digit of a number that begins with 420; any other is delivered. */
const BEHAVIOUR: Readonly<Record<string, string>> = {
  "1": "undeliverable",
  "2": "refused",
  "3": "busy-twice",
  "4": "no-answer",
  "5": "drops-the-link",
  "6": "no-receipt",
  "7": "receipt-first",
  "8": "always-busy",
};

const INVALID_DESTINATION = 0x0b;
const INVALID_PASSWORD = 0x0e;
const THROTTLED = 0x58;
const DELIVERED_STATE = 2;
const IS_RECEIPT = 0x04;
const RECEIPT_AFTER_MS = 30;
const PASSWORD = "secret";

export type CentreOrder =
  | {
      readonly kind: "text-to-us";
      readonly from: string;
      readonly text: string;
      /** User data header, hex. */
      readonly header?: string;
    }
  | { readonly kind: "drop-links" }
  | { readonly kind: "unbind-all" }
  | { readonly kind: "is-there" };

export type CentreReport =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "bound"; readonly systemId: string }
  | {
      readonly kind: "submitted";
      readonly to: string;
      readonly from: string;
      readonly text: string;
      readonly validity: string;
      readonly dataCoding: number;
      readonly esmClass: number;
    }
  | { readonly kind: "answered"; readonly status: number };

const tell = (report: CentreReport): void => void process.send?.(report);
const sessions = new Set<SmppServerSession>();
const busy = new Map<string, number>();
let messages = 0;

function textOf(pdu: SmppPdu): string {
  const message = pdu.short_message?.message ?? "";
  return typeof message === "string" ? message : message.toString("latin1");
}

function receipt(session: SmppServerSession, to: string, id: string, word: string): void {
  session.deliver_sm({
    source_addr: to,
    destination_addr: "12345",
    esm_class: IS_RECEIPT,
    short_message: `id:${id} sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 stat:${word} err:000 text:...`,
  });
}

function submitted(session: SmppServerSession, pdu: SmppPdu): void {
  const to = pdu.destination_addr ?? "";
  tell({
    kind: "submitted",
    to,
    from: pdu.source_addr ?? "",
    text: textOf(pdu),
    validity: pdu.validity_period ?? "",
    dataCoding: pdu.data_coding ?? 0,
    esmClass: pdu.esm_class ?? 0,
  });
  const id = `M${++messages}`;
  const take = (): void => void session.send(pdu.response({ message_id: id }));
  const later = (word: string): void =>
    void setTimeout(() => receipt(session, to, id, word), RECEIPT_AFTER_MS);
  switch (to.startsWith("420") ? (BEHAVIOUR[to.slice(-1)] ?? "delivered") : "delivered") {
    case "undeliverable":
      take();
      return later("UNDELIV");
    case "refused":
      session.send(pdu.response({ command_status: INVALID_DESTINATION }));
      return;
    case "busy-twice": {
      const times = (busy.get(to) ?? 0) + 1;
      busy.set(to, times);
      if (times <= 2) {
        session.send(pdu.response({ command_status: THROTTLED }));
        return;
      }
      take();
      return later("DELIVRD");
    }
    case "no-answer":
      return;
    case "drops-the-link":
      session.destroy();
      return;
    case "no-receipt":
      return take();
    case "receipt-first":
      receipt(session, to, id, "DELIVRD");
      setTimeout(take, RECEIPT_AFTER_MS);
      return;
    case "always-busy":
      session.send(pdu.response({ command_status: THROTTLED }));
      return;
    default:
      take();
      later("DELIVRD");
  }
}

function textToUs(
  session: SmppServerSession,
  { from, text, header }: Extract<CentreOrder, { kind: "text-to-us" }>,
): void {
  const message = header === undefined ? text : { udh: Buffer.from(header, "hex"), message: text };
  const fields = { source_addr: from, destination_addr: "12345", short_message: message };
  session.deliver_sm(fields, (a) => tell({ kind: "answered", status: a.command_status }));
}

const server = smpp.createServer((session) => {
  session.on("error", () => undefined);
  session.on("bind_transceiver", (pdu: SmppPdu) => {
    if (pdu.password !== PASSWORD) {
      session.send(pdu.response({ command_status: INVALID_PASSWORD }));
      return;
    }
    sessions.add(session);
    session.send(pdu.response({ system_id: "centre" }));
    tell({ kind: "bound", systemId: pdu.system_id ?? "" });
  });
  session.on("submit_sm", (pdu: SmppPdu) => submitted(session, pdu));
  session.on("query_sm", (pdu: SmppPdu) =>
    session.send(
      pdu.response({
        message_id: pdu.message_id,
        final_date: "",
        message_state: DELIVERED_STATE,
        error_code: 0,
      }),
    ),
  );
  session.on("enquire_link", (pdu: SmppPdu) => session.send(pdu.response()));
  session.on("unbind", (pdu: SmppPdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("close", () => sessions.delete(session));
});

process.on("message", (order: CentreOrder) => {
  for (const session of sessions) {
    if (order.kind === "drop-links") session.destroy();
    if (order.kind === "unbind-all") session.unbind(() => session.close());
    if (order.kind === "is-there")
      session.enquire_link((a) => tell({ kind: "answered", status: a.command_status }));
    if (order.kind === "text-to-us") textToUs(session, order);
  }
});
process.on("disconnect", () => process.exit(0));

const port = Number(process.argv[2] ?? 0);
server.listen(port, "127.0.0.1", () => tell({ kind: "listening", port: server.address().port }));
