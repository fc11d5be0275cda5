/** How the sandbox's providers behave, per channel: rates and times as configuration. */
import { z } from "zod";
import { channelV1, durationMs, durationV1, type Channel } from "#contracts";

const rate = z.number().min(0).max(1);
const range = z
  .tuple([durationV1, durationV1])
  .transform(([min, max]): [number, number] => [durationMs(min), durationMs(max)])
  .refine(([min, max]) => min <= max, "the first duration must not be longer than the second");

export const profileV1 = z.strictObject({
  /** How long the provider takes to answer. */
  latency: range,
  /** Refused by the provider. */
  reject: rate,
  /** Whether the answer says "delivered", or a receipt follows. */
  receipt: z.union([z.literal("none"), range]),
  /** Of those accepted: no receipt ever comes; it comes after the waiting is over; it says "not delivered". */
  lost: rate,
  late: rate,
  undelivered: rate,
  /**
   * What the customer does with it, each given the one before: opens (`skip`: cannot be told), clicks (`skip`:
   * nothing to click), converts; who does not convert may decline.
   */
  opened: z.union([rate, z.literal("skip")]),
  clicked: z.union([rate, z.literal("skip")]),
  converted: rate,
  declined: rate,
  /** Time of each of these steps. */
  thinks: range,
});
export type SandboxProfile = z.infer<typeof profileV1>;
type ProfileText = z.input<typeof profileV1>;

/** Every channel but `inapp`, whose provider is the caller of the moment. */
export type SandboxChannel = Exclude<Channel, "inapp">;
const sandboxChannelV1 = channelV1.exclude(["inapp"]);

const DEFAULTS: Readonly<Record<SandboxChannel, ProfileText>> = {
  push: {
    latency: ["20ms", "300ms"],
    reject: 0.08,
    receipt: "none",
    lost: 0,
    late: 0,
    undelivered: 0,
    opened: 0.35,
    clicked: 0.4,
    converted: 0.35,
    declined: 0.15,
    thinks: ["10s", "4h"],
  },
  sms: {
    latency: ["80ms", "900ms"],
    reject: 0.03,
    receipt: ["1s", "20s"],
    lost: 0.02,
    late: 0.02,
    undelivered: 0.03,
    opened: "skip",
    clicked: 0.12,
    converted: 0.4,
    declined: 0.1,
    thinks: ["30s", "8h"],
  },
  email: {
    latency: ["50ms", "700ms"],
    reject: 0.01,
    receipt: ["1s", "45s"],
    lost: 0.01,
    late: 0.01,
    undelivered: 0.03,
    opened: 0.3,
    clicked: 0.2,
    converted: 0.3,
    declined: 0.05,
    thinks: ["5m", "20h"],
  },
  // Shown at the customer's next visit, if there is one in time.
  atm: {
    latency: ["30ms", "200ms"],
    reject: 0.01,
    receipt: ["30m", "4d"],
    lost: 0.15,
    late: 0.1,
    undelivered: 0,
    opened: "skip",
    clicked: "skip",
    converted: 0.15,
    declined: 0.35,
    thinks: ["3s", "20s"],
  },
  // Played at the customer's next call.
  ivr: {
    latency: ["30ms", "200ms"],
    reject: 0.01,
    receipt: ["1h", "5d"],
    lost: 0.25,
    late: 0.1,
    undelivered: 0,
    opened: "skip",
    clicked: "skip",
    converted: 0.1,
    declined: 0.3,
    thinks: ["10s", "60s"],
  },
  // The receipt is an agent's acceptance of the case; converted is its resolution.
  agent: {
    latency: ["10ms", "50ms"],
    reject: 0.02,
    receipt: ["5s", "5m"],
    lost: 0.02,
    late: 0.01,
    undelivered: 0.02,
    opened: "skip",
    clicked: "skip",
    converted: 0.6,
    declined: 0.6,
    thinks: ["2m", "3h"],
  },
  // Done, or not: nobody responds.
  execute: {
    latency: ["100ms", "2s"],
    reject: 0.3,
    receipt: "none",
    lost: 0,
    late: 0,
    undelivered: 0,
    opened: 0,
    clicked: 0,
    converted: 0,
    declined: 0,
    thinks: ["1s", "1s"],
  },
};

/** A file's content: what differs from the defaults, per channel. */
export const profilesFileV1 = z.partialRecord(
  sandboxChannelV1,
  z.partialRecord(profileV1.keyof(), z.unknown()),
);
export type ProfilesFile = z.infer<typeof profilesFileV1>;

/** The profile of a channel, with what the file changes. Throws an error that names channel and field. */
export function profileOf(channel: SandboxChannel, overrides: ProfilesFile = {}): SandboxProfile {
  const parsed = profileV1.safeParse({ ...DEFAULTS[channel], ...overrides[channel] });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`sandbox profile: ${channel}.${issue?.path.join(".")}: ${issue?.message}`);
}
