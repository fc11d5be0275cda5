/** The SMTP adapter against a real SMTP server. */
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Service } from "#service";
import { freePort } from "#embedded";
import { ChannelBench } from "../testing/channel-bench.js";
import type { SendOrder } from "../provider.port.js";
import { EmbeddedAddressBook } from "./address-book.port.js";
import { SmtpEmailProvider } from "./smtp-email.provider.js";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
}

/** A server that takes mail, except where a test says otherwise. */
class MailServer {
  readonly mails: Mail[] = [];
  /** Answer to RCPT TO, in turn; then 250. */
  readonly recipientReplies: number[] = [];
  connections = 0;
  readonly #server: SMTPServer;

  constructor() {
    const options: SMTPServerOptions = {
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      onConnect: (_session, callback) => {
        this.connections += 1;
        callback();
      },
      onRcptTo: (_address, _session, callback) => {
        const code = this.recipientReplies.shift();
        callback(code === undefined ? null : Object.assign(new Error("refused"), { responseCode: code }));
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          this.mails.push({
            from: mailFrom ? mailFrom.address : "",
            to: rcptTo.map((a) => a.address),
            raw: Buffer.concat(chunks).toString(),
          });
          callback();
        });
      },
    };
    this.#server = new SMTPServer(options);
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const header = (raw: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, "im").exec(raw)?.[1];
const order = (over: Partial<SendOrder> = {}): SendOrder =>
  ({
    commandId: "c1.1.0.c",
    attempt: 0,
    channel: "email",
    customerId: "c1",
    title: "Účet",
    body: "Dobrý den",
    receiptTimeoutMs: 60_000,
    ...over,
  }) as SendOrder;
const noReports = { receipt: () => undefined, response: () => undefined };

describe("email over SMTP, as a channel", () => {
  let bench: ChannelBench;
  let mail: MailServer;
  let service: Service;
  beforeAll(async () => {
    bench = await ChannelBench.open();
    mail = new MailServer();
    service = await bench.start({
      SMTP_URL: await mail.listen(),
      MAIL_FROM: "Bank <service@bank.example>",
      SANDBOX_FAULTS: "push=deliver,sms=reject",
    });
  });
  afterAll(async () => {
    await service.stop();
    await mail.close();
    await bench.close();
  });

  it("arrives with its text and headers; the command is delivered", async () => {
    const command = bench.command(["sms", "email"]);
    await bench.order(command);
    expect((await bench.ended(command)).outcome).toMatchObject({
      kind: "delivered",
      channel: "email",
      tried: [{ channel: "sms" }],
    });
    const [got] = mail.mails.filter((m) => m.to.includes(`${command.customerId}@customers.example`));
    expect(got?.from).toBe("service@bank.example");
    expect(header(got!.raw, "Message-ID")).toBe(`<${command.commandId}.1@bank.example>`);
    expect(header(got!.raw, "Subject")).toBe("Hello");
    expect(header(got!.raw, "From")).toBe("Bank <service@bank.example>");
    expect(header(got!.raw, "Auto-Submitted")).toBe("auto-generated");
    expect(got!.raw).toContain("You moved 120");
  });

  it("falls to the next leg when the server refuses with 550", async () => {
    mail.recipientReplies.push(550);
    const before = mail.mails.length;
    const command = bench.command(["email", "push"]);
    await bench.order(command);
    expect((await bench.ended(command)).outcome).toMatchObject({
      kind: "delivered",
      channel: "push",
      tried: [{ channel: "email", reason: "smtp_550" }],
    });
    expect(mail.mails).toHaveLength(before);
  });
});

describe("the SMTP provider", () => {
  let mail: MailServer;
  let url: string;
  const providers: SmtpEmailProvider[] = [];
  const provider = (at: string): SmtpEmailProvider => {
    const p = new SmtpEmailProvider({
      url: at,
      from: "Bank <service@bank.example>",
      addresses: new EmbeddedAddressBook("customers.example"),
      retryDelaysMs: [10, 10],
    });
    providers.push(p);
    return p;
  };
  beforeAll(async () => {
    mail = new MailServer();
    url = await mail.listen();
  });
  afterAll(async () => {
    await Promise.all(providers.map((p) => p.close()));
    await mail.close();
  });

  it("tries again in place after a 4yz reply, and delivers one mail", async () => {
    const before = mail.mails.length;
    mail.recipientReplies.push(451, 452);
    expect((await provider(url).send(order(), noReports)).status).toBe("delivered");
    expect(mail.mails).toHaveLength(before + 1);
  });

  it("gives up after the last try of a 4yz reply", async () => {
    mail.recipientReplies.push(451, 451, 451);
    expect(await provider(url).send(order(), noReports)).toMatchObject({
      status: "rejected",
      reason: "smtp_451",
    });
    expect(mail.recipientReplies).toEqual([]);
  });

  it("is rejected when nobody listens", async () => {
    const nobody = `smtp://127.0.0.1:${await freePort()}`;
    expect(await provider(nobody).send(order(), noReports)).toMatchObject({
      status: "rejected",
      reason: "smtp_unreachable",
    });
  });

  describe("when the connection is lost", () => {
    let server: Server;
    const sockets = new Set<Socket>();
    let datas = 0;
    let mode: "before-data" | "after-data" = "after-data";

    beforeAll(async () => {
      // Speaks just enough SMTP to break off where a real server would not.
      server = createServer((socket) => {
        sockets.add(socket);
        let inData = false;
        socket.write("220 breaks off\r\n");
        socket.on("error", () => undefined);
        socket.on("data", (chunk: Buffer) => {
          for (const line of chunk.toString().split("\r\n")) {
            if (inData) {
              if (line === ".") socket.destroy();
            } else if (/^EHLO/i.test(line)) socket.write("250 breaks off\r\n");
            else if (/^(MAIL|RCPT)/i.test(line)) socket.write("250 ok\r\n");
            else if (/^DATA/i.test(line)) {
              datas += 1;
              if (mode === "before-data") socket.destroy();
              else {
                inData = true;
                socket.write("354 go on\r\n");
              }
            }
          }
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    beforeEach(() => {
      datas = 0;
    });
    afterAll(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    const at = (): string => `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;

    it("does not know after the text was sent, and does not send again", async () => {
      mode = "after-data";
      expect(await provider(at()).send(order(), noReports)).toMatchObject({
        status: "unknown",
        reason: "connection_lost",
      });
      expect(datas).toBe(1);
    });

    it("tries again, and is then rejected, when it was lost before the text", async () => {
      mode = "before-data";
      expect(await provider(at()).send(order(), noReports)).toMatchObject({
        status: "rejected",
        reason: "smtp_unreachable",
      });
      expect(datas).toBe(3);
    });
  });
});
