/**
 * What would have become of a contact that nobody ever sent: a declared model, not knowledge. Every draw is a hash of the
 * seed and of what the contact is (customer, journey, action, channel, time), so that the same contact has the same response
 * in every version that is compared, and what differs between two versions is never a difference of luck.
 */
import { z } from "zod";
import {
  channelV1,
  CHANNELS,
  durationMs,
  durationV1,
  fnv1a32,
  type Channel,
  type Command,
  type OutcomeKind,
} from "#contracts";

const rate = z.number().min(0).max(1);

export const channelResponseV1 = z.strictObject({
  /** Share of the messages that arrive; the others go on to the next channel of their plan. */
  delivered: rate,
  /** From the order to the receipt. */
  latency: durationV1,
  /** Of those delivered. */
  clicked: rate,
  /** Of those clicked (of those delivered, where nothing can be clicked: `clicked: 0`). */
  converted: rate,
  /** Of those delivered that neither clicked nor converted. */
  declined: rate,
  /** From the receipt to the response. */
  thinks: durationV1,
});
export type ChannelResponse = z.infer<typeof channelResponseV1>;

export const responseModelV1 = z
  .strictObject({
    kind: z.literal("Responses"),
    description: z.string().default(""),
    seed: z.number().int().default(1),
    /** What differs from the defaults, per channel. */
    channels: z.partialRecord(channelV1, channelResponseV1.partial()).default({}),
  })
  .meta({ id: "Responses" });
export type ResponseModelDefinition = z.infer<typeof responseModelV1>;

/** A contact that is neither clicked nor declined is ignored; nothing converts by itself (see `docs/simulation.md`). */
const DEFAULTS: ChannelResponse = {
  delivered: 0.95,
  latency: "5s",
  clicked: 0.1,
  converted: 0,
  declined: 0.1,
  thinks: "1h",
};
const BY_CHANNEL: Partial<Record<Channel, Partial<ChannelResponse>>> = {
  inapp: { delivered: 1, latency: "100ms", clicked: 0.15, declined: 0.3, thinks: "15s" },
  push: { delivered: 0.92, latency: "1s" },
  sms: { delivered: 0.95, latency: "10s", clicked: 0.08 },
  email: { delivered: 0.96, latency: "30s", clicked: 0.06, declined: 0.05, thinks: "6h" },
  agent: { delivered: 1, latency: "5m", clicked: 0, declined: 0, thinks: "1h" },
  execute: { delivered: 0.7, latency: "1s", clicked: 0, declined: 0 },
};

export interface SimulatedOutcome {
  readonly kind: OutcomeKind;
  readonly channel: Channel;
  readonly tried: readonly { readonly channel: Channel; readonly reason: string }[];
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
}

export class ResponseModel {
  readonly seed: number;
  readonly channels: Readonly<Record<Channel, ChannelResponse>>;

  constructor(definition?: ResponseModelDefinition) {
    this.seed = definition?.seed ?? 1;
    this.channels = Object.fromEntries(
      CHANNELS.map((c) => [c, { ...DEFAULTS, ...BY_CHANNEL[c], ...clean(definition?.channels[c]) }]),
    ) as Record<Channel, ChannelResponse>;
  }

  /** The outcomes of a command, in order of time: one terminal one, then what the customer does with it. */
  outcomesOf(command: Command): readonly SimulatedOutcome[] {
    const { customerId, journey, action, plan, at } = command;
    const draw = (channel: Channel, what: string): number =>
      unit(`${this.seed}|${customerId}|${journey.id}|${action}|${channel}|${at}|${what}`);
    const tried: { channel: Channel; reason: string }[] = [];
    let time = at;
    for (const [i, leg] of plan.entries()) {
      const rates = this.channels[leg.channel];
      const { channel } = leg;
      if (draw(channel, "delivered") < rates.delivered) {
        time += durationMs(rates.latency);
        if (time > command.expiresAt)
          return [{ kind: "expired", channel, tried, reason: "expired", at: command.expiresAt }];
        const delivered = { kind: "delivered", channel, tried, reason: "receipt", at: time } as const;
        const answered = time + durationMs(rates.thinks);
        const respond = (kind: OutcomeKind, after: number): SimulatedOutcome => ({
          ...delivered,
          kind,
          reason: "simulated",
          at: after,
        });
        const clicked = draw(channel, "clicked") < rates.clicked;
        const converted = (clicked || rates.clicked === 0) && draw(channel, "converted") < rates.converted;
        if (clicked && converted)
          return [delivered, respond("clicked", answered), respond("converted", answered + 1)];
        if (clicked) return [delivered, respond("clicked", answered)];
        if (converted) return [delivered, respond("converted", answered)];
        if (draw(channel, "declined") < rates.declined) return [delivered, respond("declined", answered)];
        return [delivered];
      }
      time += leg.receiptTimeoutMs;
      if (i < plan.length - 1) tried.push({ channel, reason: "rejected" });
      else
        return [
          { kind: "failed", channel, tried, reason: "rejected", at: Math.min(time, command.expiresAt) },
        ];
    }
    return [];
  }

  /** One sentence for each channel, for the report. */
  describe(): Readonly<Record<string, string>> {
    const percent = (x: number): string => `${Math.round(x * 1000) / 10} %`;
    return Object.fromEntries(
      Object.entries(this.channels).map(([channel, r]) => [
        channel,
        `${percent(r.delivered)} delivered after ${r.latency}; of these ${percent(r.clicked)} clicked, ${percent(r.converted)} ` +
          `${r.clicked > 0 ? "of the clicked " : ""}converted, ${percent(r.declined)} of the rest declined, after ${r.thinks}`,
      ]),
    );
  }
}

function clean(
  given: Partial<Record<keyof ChannelResponse, string | number | undefined>> | undefined,
): Record<string, string | number | undefined> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, v]) => v !== undefined));
}

/** A number in [0, 1) from a text. FNV mixes its last bytes too little (finalizer of MurmurHash3). */
export function unit(text: string): number {
  let h = fnv1a32(text);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
