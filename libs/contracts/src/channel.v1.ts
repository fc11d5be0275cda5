import { z } from "zod";

/** `inapp`: where the customer is acting right now, in answer to a moment. */
export const CHANNELS = ["push", "sms", "email", "atm", "ivr", "agent", "execute", "inapp"] as const;
export const channelV1 = z.enum(CHANNELS).meta({ id: "Channel" });
export type Channel = z.infer<typeof channelV1>;

export const PURPOSES = ["marketing", "service", "collections"] as const;
export const purposeV1 = z
  .enum(PURPOSES)
  .meta({ id: "Purpose", description: "Why the customer is contacted; each has its own rules" });
export type Purpose = z.infer<typeof purposeV1>;

/** Channels on which the customer hears from the bank and which therefore count as contacts. */
export function isContact(channel: Channel): boolean {
  return channel !== "execute" && channel !== "agent";
}
