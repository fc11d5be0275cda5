/** SMS over SMPP against a message centre in a process of its own. */
import type { Command } from "#contracts";
import { Publisher } from "#messaging";
import { eventually, startServers, type TestServers } from "#testing";
import type { Receipt, SendOrder, SendResult } from "../provider.port.js";
import { Centre, type CentreOrder } from "../testing/centre-process.js";
import { SentMessages } from "./sent-messages.store.js";
import { SmppSmsProvider, type InboundSms } from "./smpp-sms.provider.js";

let servers: TestServers;
let sent: SentMessages;
let centre: Centre;
let sms: SmppSmsProvider;
const inbound: InboundSms[] = [];
let inboundFails = 0;
const warnings: object[] = [];

const provider = (over: { password?: string } = {}): SmppSmsProvider =>
  new SmppSmsProvider({
    url: `smpp://segue:${over.password ?? "secret"}@127.0.0.1:${centre.port}`,
    from: "12345",
    phones: {
      phoneOf: (customer) => Promise.resolve(customer === "nobody" ? undefined : customer.replace(/\D/g, "")),
    },
    sent,
    onMessage: (message) => {
      if (inboundFails-- > 0) return Promise.reject(new Error("not stored"));
      inbound.push(message);
      return Promise.resolve();
    },
    log: { info: () => undefined, warn: (fields) => void warnings.push(fields) },
    responseTimeoutMs: 300,
    reconnectDelaysMs: [50],
    enquireLinkMs: 200,
  });

let orders = 0;
/** A leg to the number that ends as given, and what was heard of it. */
function leg(customerId: string, over: Partial<SendOrder> = {}) {
  const receipts: Receipt[] = [];
  const order = {
    commandId: `${customerId}.${++orders}.0.c`,
    attempt: 0,
    channel: "sms",
    customerId,
    title: "",
    body: "Hello",
    receiptTimeoutMs: 5_000,
    ...over,
  } as SendOrder;
  const send = (by = sms): Promise<SendResult> =>
    by.send(order, { receipt: (r) => receipts.push(r), response: () => undefined });
  return { order, receipts, send, command: order as unknown as Command };
}

beforeAll(async () => {
  servers = await startServers();
  sent = new SentMessages(servers.nc, new Publisher(servers.nc), "centre");
  centre = new Centre();
  await centre.start();
  sms = provider();
  await eventually("the link", () => sms.up);
}, 30_000);

afterAll(async () => {
  await sms?.close();
  await centre?.kill();
  await servers?.stop();
});

describe("a text to a customer", () => {
  it("is taken, and its receipt says that it arrived", async () => {
    const { send, receipts } = leg("c42000000010");
    expect(await send()).toMatchObject({ status: "accepted" });
    await eventually("the receipt", () => receipts.length === 1);
    expect(receipts[0]).toMatchObject({ status: "delivered" });
    const [one] = centre.submitted("42000000010");
    expect(one).toMatchObject({ from: "12345", text: "Hello", dataCoding: 0 });
    // Five seconds, in whole minutes.
    expect(Math.abs(Date.parse(one!.validity) - Date.now() - 60_000)).toBeLessThan(10_000);
  });

  it("that cannot be delivered goes on to the next channel", async () => {
    const { send, receipts } = leg("c42000000011");
    await send();
    await eventually("the receipt", () => receipts.length === 1);
    expect(receipts[0]).toMatchObject({ status: "rejected", reason: "undeliverable" });
  });

  it("is not sent where there is no number, or the centre refuses it", async () => {
    expect(await leg("nobody").send()).toMatchObject({ status: "rejected", reason: "no_address" });
    expect(await leg("c42000000012").send()).toMatchObject({ status: "rejected", reason: "invalid_address" });
  });

  it("waits while the centre is busy, and is sent once", async () => {
    const { send, receipts } = leg("c42000000013");
    expect(await send()).toMatchObject({ status: "accepted" });
    await eventually("the receipt", () => receipts.length === 1);
    expect(centre.submitted("42000000013")).toHaveLength(3);
  });

  it("that the centre is too busy for, until its time is up, certainly did not leave", async () => {
    const { send } = leg("c42000000018", { receiptTimeoutMs: 600 });
    expect(await send()).toMatchObject({ status: "rejected", reason: "provider_unavailable" });
  });

  it("without an answer may have left: unknown, and not sent again (I8)", async () => {
    const { send } = leg("c42000000014");
    expect(await send()).toMatchObject({ status: "unknown", reason: "no_answer" });
    expect(centre.submitted("42000000014")).toHaveLength(1);
  });

  it("whose receipt overtakes the answer is still found delivered", async () => {
    const { send, receipts } = leg("c42000000017");
    expect(await send()).toMatchObject({ status: "accepted" });
    await eventually("the receipt", () => receipts.length === 1);
  });

  it("keeps every letter: GSM, extension table, Unicode, and over several messages", async () => {
    const texts = [
      "Zaplať 5 €? [ano]",
      "Dobrý den, účet č. 1 🙂",
      "a{b}".repeat(60),
      "žluťoučký ".repeat(20),
    ];
    for (const [i, body] of texts.entries()) {
      const number = `4200000010${i}0`;
      const { send, receipts } = leg(`c${number}`, { body });
      await send();
      await eventually("the receipt", () => receipts.length === 1);
      expect(
        centre
          .submitted(number)
          .map((s) => s.text)
          .join(""),
      ).toBe(body);
    }
  });
});

describe("when the link is lost", () => {
  it("in the middle of a submit, that text is unknown and the next one goes", async () => {
    const { send } = leg("c42000000015");
    expect(await send()).toMatchObject({ status: "unknown", reason: "no_answer" });
    const { send: next, receipts } = leg("c42000000020");
    expect(await next()).toMatchObject({ status: "accepted" });
    await eventually("the receipt", () => receipts.length === 1);
    expect(centre.submitted("42000000015")).toHaveLength(1);
  });

  it("because the centre was killed, texts wait for it within their time", async () => {
    const { port } = centre;
    await centre.kill();
    await eventually("the loss", () => !sms.up);
    expect(await leg("c42000000030", { receiptTimeoutMs: 200 }).send()).toMatchObject({
      status: "rejected",
      reason: "provider_unavailable",
    });
    const { send, receipts } = leg("c42000000040");
    const waiting = send();
    await centre.start(port);
    expect(await waiting).toMatchObject({ status: "accepted" });
    await eventually("the receipt", () => receipts.length === 1);
  });

  it("because the centre unbinds, it is bound again", async () => {
    const before = centre.count("bound");
    centre.tell({ kind: "unbind-all" });
    await eventually("the bind", () => centre.count("bound") > before && sms.up);
  });

  it("for a wrong password, the log says so and nothing is sent", async () => {
    const wrong = provider({ password: "wrong" });
    expect(await leg("c42000000050", { receiptTimeoutMs: 300 }).send(wrong)).toMatchObject({
      reason: "provider_unavailable",
    });
    expect(warnings).toContainEqual(
      expect.objectContaining({ why: "the bind was refused with status 0xe: check system id and password" }),
    );
    await wrong.close();
  });
});

describe("what an earlier run has sent", () => {
  it("is found delivered by its receipt, whoever gets it", async () => {
    const { send, command } = leg("c42000000060");
    await send();
    await eventually(
      "the receipt on record",
      async () => (await sent.of(command))?.parts[0]?.state === "delivered",
    );
    const later = provider();
    expect(await later.withdraw(command, "interrupted")).toBe(true);
    await later.close();
  });

  it("is asked of the centre when no receipt came", async () => {
    const { send, command } = leg("c42000000016");
    await send();
    const later = provider();
    expect(await later.withdraw(command, "interrupted")).toBe(true);
    await later.close();
  });

  it("is unknown when not even its answer is on record, and was not sent when it only came too late", async () => {
    const { command } = leg("c42000000070");
    expect(await sms.withdraw(command, "interrupted")).toBeUndefined();
    expect(await sms.withdraw(command, "expired")).toBe(false);
  });
});

describe("a text to us", () => {
  it("is acknowledged once it is stored, and comes again when it could not be", async () => {
    inboundFails = 1;
    const order = { kind: "text-to-us", from: "420777", text: "STOP" } as const;
    centre.tell(order);
    await eventually("the refusal", () =>
      centre.reports.some((r) => r.kind === "answered" && r.status === 0x64),
    );
    centre.tell(order);
    await eventually("the text", () => inbound.length === 1);
    expect(inbound).toEqual([{ from: "420777", to: "12345", text: "STOP" }]);
  });

  it("of several parts is one text, in whatever order they come", async () => {
    const part = (n: number, text: string): CentreOrder => ({
      kind: "text-to-us",
      from: "420778",
      text,
      header: `0500030702${n.toString(16).padStart(2, "0")}`,
    });
    centre.tell(part(2, "world"));
    centre.tell(part(1, "hello "));
    await eventually("the text", () => inbound.some((m) => m.from === "420778"));
    expect(inbound.find((m) => m.from === "420778")?.text).toBe("hello world");
  });

  it("the link answers when it is asked whether it is there", async () => {
    const before = centre.count("answered");
    centre.tell({ kind: "is-there" });
    await eventually("the answer", () => centre.count("answered") > before);
  });
});
