/**
 * One process of the floor: the messages of the system without its logic, over the plain client. `context` reads
 * events, writes the customer's context by compare-and-set, orders a command for each event, and writes the context
 * again for its outcome. `channel` reads commands and publishes outcomes. Everything is acknowledged.
 *
 * Usage: part.js <context|channel> <natsUrl> <sizes as JSON>
 */
import { AckPolicy, jetstream, jetstreamManager, type JetStreamClient, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { SEGUE_SOURCE, streamOf, subjects } from "#contracts";
import type { MessageSizes } from "../history.js";
import { textOf } from "../follow.js";
import { AckAll } from "./ack-all.js";

const [role, url, sizesText] = process.argv.slice(2);
const sizes = JSON.parse(sizesText ?? "{}") as MessageSizes;
const MAX_UNDER_WAY = 2_048;
const PADDING = "x".repeat(65_536);

const nc = await connect({ servers: url ?? "", name: `floor-${role}`, noAsyncTraces: true });
const js = jetstream(nc, { timeout: 20_000 });
await (role === "context" ? runContext(nc, js) : runChannel(nc, js));
process.once("SIGTERM", () => void nc.close().then(() => process.exit()));
process.stdout.write("ready\n");

/** Text of the given length that begins so. */
function padded(head: string, bytes: number): string {
  return `${head},"padding":"${PADDING.slice(0, Math.max(0, bytes - head.length - 14))}"}`;
}

interface Mailbox {
  revision: number;
  applied: number;
  busy: boolean;
  readonly waiting: JsMsg[];
  /** Open commands, and those closed lately. */
  contacts: { readonly id: string; closed: boolean }[];
}

async function runContext(nc: NatsConnection, js: JetStreamClient): Promise<void> {
  const stream = streamOf("EVT", 0);
  const jsm = await jetstreamManager(nc);
  await jsm.consumers.add(stream, {
    durable_name: "floor-context",
    ack_policy: AckPolicy.All,
    max_ack_pending: MAX_UNDER_WAY,
  });
  const consumer = await js.consumers.get(stream, "floor-context");
  const mailboxes = new Map<string, Mailbox>();
  const acks = new AckAll();

  const work = async (customerId: string, box: Mailbox): Promise<void> => {
    box.busy = true;
    while (box.waiting.length > 0) {
      const batch = box.waiting.splice(0);
      const commands: string[] = [];
      for (const m of batch) {
        if (m.subject.includes(`.${SEGUE_SOURCE}.outcome.`)) {
          const id = /"commandId":"([^"]+)"/.exec(textOf(m))?.[1];
          const contact = box.contacts.find((c) => c.id === id);
          if (contact) contact.closed = true;
        } else {
          const id = `${customerId}.${++box.applied}.0.c`;
          box.contacts.push({ id, closed: false });
          const time = Date.parse(/"time":"([^"]+)"/.exec(textOf(m))?.[1] ?? "");
          commands.push(`{"commandId":"${id}","attempt":0,"event":{"type":"w1","time":${time}}`);
        }
      }
      box.contacts = box.contacts.filter((c, i) => !c.closed || i >= box.contacts.length - 3);
      const contacts = box.contacts
        .map((c) => `{"commandId":"${c.id}"${c.closed ? ',"outcome":"delivered"' : ""}}`)
        .join(",");
      const head = `{"v":1,"customerId":"${customerId}","watermark":${batch.at(-1)!.seq},"contacts":[${contacts}]`;
      const ack = await js.publish(subjects.ctx(customerId), padded(head, sizes.context), {
        expect: { lastSubjectSequence: box.revision },
      });
      box.revision = ack.seq;
      const ordered = commands.map((command, i) =>
        js.publish(subjects.cmd("push", customerId), padded(command, sizes.command), {
          msgID: `${customerId}:${box.applied - commands.length + i}`,
        }),
      );
      void Promise.all(ordered).then(() => acks.done(batch), failed);
    }
    box.busy = false;
  };

  await consumer.consume({
    max_messages: MAX_UNDER_WAY,
    callback: (m) => {
      acks.taken(m);
      const customerId = m.subject.split(".", 3)[2]!;
      let box = mailboxes.get(customerId);
      if (!box)
        mailboxes.set(
          customerId,
          (box = { revision: 0, applied: 0, busy: false, waiting: [], contacts: [] }),
        );
      box.waiting.push(m);
      if (!box.busy) work(customerId, box).catch(failed);
    },
  });
}

async function runChannel(nc: NatsConnection, js: JetStreamClient): Promise<void> {
  const stream = streamOf("CMD", 0);
  const jsm = await jetstreamManager(nc);
  await jsm.consumers.add(stream, {
    durable_name: "floor-channel",
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: MAX_UNDER_WAY,
  });
  const consumer = await js.consumers.get(stream, "floor-channel");
  await consumer.consume({
    max_messages: MAX_UNDER_WAY,
    callback: (m) => {
      const customerId = m.subject.split(".", 4)[3]!;
      const id = /"commandId":"([^"]+)"/.exec(textOf(m))?.[1] ?? "";
      const subject = subjects.evt(customerId, SEGUE_SOURCE, "outcome.delivered");
      js.publish(subject, padded(`{"commandId":"${id}"`, sizes.outcome), { msgID: `${id}:delivered` }).then(
        () => m.ack(),
        failed,
      );
    },
  });
}

function failed(error: unknown): void {
  process.stderr.write(`floor-${role}: ${(error as Error).stack}\n`);
  process.exit(1);
}
