/**
 * Which events were seen: fixed-width fingerprints of `source` and `id` in one string, oldest first, so that a
 * duplicate is found within the last `LIMITS.seen` events of the customer in constant memory. 60 bits: among 128
 * remembered events a false match has a chance of about 10⁻¹⁶ per event.
 */
import { LIMITS, type CustomerEvent } from "#contracts";

const WIDTH = 10;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Ten characters for a source and an id. Two 32-bit lanes with different multipliers, mixed at the end. */
export function fingerprint(source: string, id: string): string {
  const text = `${source}\n${id}`;
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 0x9e3779b1);
    b = Math.imul(b ^ c, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return lane(a) + lane(b);
}

/** The fingerprint of an event: of its CloudEvents `source` and `id`, which together are unique. */
export function eventFingerprint(event: Pick<CustomerEvent, "source" | "sourceUri" | "id">): string {
  return fingerprint(event.sourceUri ?? event.source, event.id);
}

function lane(bits: number): string {
  let text = "";
  for (let shift = 0; shift < 30; shift += 6) text += ALPHABET[(bits >>> shift) & 63];
  return text;
}

/** Whether `print` is among the fingerprints in `seen`. */
export function hasSeen(seen: string, print: string): boolean {
  for (let at = seen.indexOf(print); at >= 0; at = seen.indexOf(print, at + 1)) {
    if (at % WIDTH === 0) return true;
  }
  return false;
}

/** `seen` with `print` added, the oldest dropped when it is full. */
export function remember(seen: string, print: string): string {
  return (seen + print).slice(-LIMITS.seen * WIDTH);
}
