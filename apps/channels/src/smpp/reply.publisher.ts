/**
 * Texts that customers send to us, as `message.received` events in their own order: the words that end a consent are
 * understood there (I7). Whose number it is, is known from what was last sent to it.
 */
import { nuid } from "@nats-io/nats-core";
import { eventTypes, subjects, type Channel } from "#contracts";
import type { Publisher } from "#messaging";
import type { Logger } from "#telemetry";
import type { SentMessages } from "./sent-messages.store.js";
import type { InboundSms } from "./smpp-sms.provider.js";

/** CloudEvents source of what providers tell us. */
const SOURCE = "channels";
const GIVE_UP_AFTER_MS = 5_000;
/** Longest text that is passed on; nobody opts out in more. */
const MOST_CHARACTERS = 2_000;

export class Replies {
  constructor(
    private readonly sent: Pick<SentMessages, "lastCustomerOf">,
    private readonly publisher: Publisher,
    private readonly log: Logger,
  ) {}

  /** Resolves once the stream has it: only then is it acknowledged to the provider. */
  async received(channel: Channel, { from, text }: InboundSms): Promise<void> {
    const customer = await this.sent.lastCustomerOf(from);
    if (customer === undefined) {
      this.log.warn(
        { channel },
        "a text from a number to which nothing was sent lately: nobody knows whose it is",
      );
      return;
    }
    const id = nuid.next();
    const event = {
      specversion: "1.0",
      id,
      source: SOURCE,
      type: eventTypes.messageReceived,
      subject: customer,
      datacontenttype: "application/json",
      data: { channel, text: text.slice(0, MOST_CHARACTERS) },
    };
    await this.publisher.publish(
      subjects.evt(customer, SOURCE, eventTypes.messageReceived),
      JSON.stringify(event),
      {
        msgId: `${SOURCE}:${id}`,
        giveUpAfterMs: GIVE_UP_AFTER_MS,
      },
    );
  }
}
