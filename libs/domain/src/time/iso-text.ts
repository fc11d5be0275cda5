import { DAY_MS, daysFromDate, instantOf, zoneOf, type Zone } from "./zone.js";

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Epoch ms of a date or time in ISO 8601 (`2026-03-01`, `2026-03-01T09:00`, `2026-03-01T09:00:00+01:00`): without an
 * offset by the clock of `zone`, a date alone from its first moment on. `undefined` for any other text.
 */
export function parseIso(text: string, zone: Zone): number | undefined {
  const m = ISO.exec(text.trim());
  if (!m) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(m[i] ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const days = daysFromDate(year, month, day);
  const inMonth = month >= 1 && month <= 12 && day >= 1 && days < daysFromDate(year, month + 1, 1);
  if (!inMonth || hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Math.floor(Number(`0.${m[7] ?? "0"}`) * 1_000);
  const local = days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
  const offset = m[8];
  if (offset === undefined) return instantOf(zone, local);
  if (/z/i.test(offset)) return local;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return local - (offset.startsWith("-") ? -1 : 1) * minutes * 60_000;
}

/** Epoch ms of a time with an offset that a schema has checked (`2026-03-01T09:00:00+01:00`). */
export function epochMs(text: string): number {
  const ms = parseIso(text, zoneOf("UTC")!);
  if (ms === undefined) throw new Error(`${text} is not a time in ISO 8601`);
  return ms;
}
