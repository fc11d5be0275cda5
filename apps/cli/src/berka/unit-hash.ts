import { fnv1a32 } from "#contracts";

/** A number in [0, 1) that looks random but is a function of the text alone. */
export function unitHash(text: string): number {
  let h = fnv1a32(text);
  // FNV-1a leaves the last characters in the low bits: mix them (MurmurHash3's finaliser).
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
