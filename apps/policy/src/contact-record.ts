/** A contact as it lies in Redis, and as it stands in the ledger. */
import { z } from "zod";
import { CHANNELS, contactEntryV1, purposeV1, type Channel, type ContactEntry } from "#contracts";
import type { Cap } from "#domain";

/** `pending` (not in the ledger yet), `reserved`, `sent`, `released`, `withdrawn`. */
export const recordStates = {
  pending: "p",
  reserved: "r",
  sent: "s",
  released: "x",
  withdrawn: "w",
} as const;
export type RecordState = (typeof recordStates)[keyof typeof recordStates];

const scriptCapV1 = z.object({
  n: z.number(),
  p: z.number(),
  u: z.string().optional(),
  j: z.string().optional(),
  c: z.string().optional(),
});
export type ScriptCap = z.infer<typeof scriptCapV1>;

/** A contact as it lies in Redis; keys are short because there are many. */
export const contactRecordV1 = z.object({
  /** Segue's time: of the reservation, later of the send. */
  at: z.number(),
  a: z.string(),
  p: purposeV1,
  /** Channels reserved, and channels that count as used; comma-separated. */
  ch: z.string(),
  u: z.string(),
  j: z.string().optional(),
  /** The journey's cap. */
  jc: scriptCapV1.optional(),
  /** 1: urgent, may be sent in quiet hours. */
  g: z.literal(1).optional(),
  /** 1: counts as a contact. */
  n: z.number(),
  s: z.enum(["p", "r", "s", "x", "w"]),
  /** Wall time of a pending reservation. */
  w: z.number().optional(),
  /** Attempt → the delivery that claimed it. */
  k: z.record(z.string(), z.string()).optional(),
});
export type ContactRecord = z.infer<typeof contactRecordV1>;

/** A cap as the scripts read it. */
export function scriptCap(cap: Cap): ScriptCap {
  return {
    n: cap.count,
    p: cap.periodMs,
    ...(cap.purpose === undefined ? {} : { u: cap.purpose }),
    ...(cap.journey === undefined ? {} : { j: cap.journey }),
    ...(cap.channel === undefined ? {} : { c: cap.channel }),
  };
}

/** What our own scripts wrote. */
export function parseRecord(text: string): ContactRecord {
  return contactRecordV1.parse(JSON.parse(text));
}

/** Comma-separated channels of a record. */
export function channelsOf(text: string): Channel[] {
  return text.split(",").filter((c): c is Channel => (CHANNELS as readonly string[]).includes(c));
}

/** The ledger's entry of a reservation. */
export function toLedger(customerId: string, reservationId: string, r: ContactRecord): ContactEntry {
  return contactEntryV1.parse({
    reservationId,
    customerId,
    action: r.a,
    purpose: r.p,
    channels: channelsOf(r.ch),
    ...(r.j === undefined ? {} : { journey: r.j }),
    at: r.at,
    counts: r.n === 1,
    ...(r.g === 1 ? { urgent: true } : {}),
    ...(r.jc?.j === undefined ? {} : { cap: { journey: r.jc.j, count: r.jc.n, periodMs: r.jc.p } }),
  });
}

/** The record of a ledger's entry. */
export function fromLedger(entry: ContactEntry, state: RecordState, at: number): ContactRecord {
  const { cap } = entry;
  return {
    at,
    a: entry.action,
    p: entry.purpose,
    ch: entry.channels.join(","),
    u: entry.channels[0] ?? "",
    ...(entry.journey === undefined ? {} : { j: entry.journey }),
    ...(cap ? { jc: { n: cap.count, p: cap.periodMs, j: cap.journey } } : {}),
    ...(entry.urgent === true ? { g: 1 as const } : {}),
    n: entry.counts ? 1 : 0,
    s: state,
  };
}
