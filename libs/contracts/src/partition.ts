/**
 * Partitions: the same customer always lands in the same one, whoever computes it.
 *
 * nats-server's `{{partition(n,token)}}` is FNV-1a 32 bit of the token modulo n
 * (server/subject_transform.go), so a client can compute where an event will go.
 */

/**
 * Number of partitions of an installation, and so the most context actors that can share its work. Each costs the server a
 * consumer (ADR 13). Changing it means re-partitioning every stream.
 */
export const PARTITIONS = 16;

/** FNV-1a, 32 bit, of the UTF-8 bytes of an ASCII string. */
export function fnv1a32(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** Partition (0 … PARTITIONS-1) of a customer. */
export function partitionOf(customerId: string): number {
  return fnv1a32(customerId) % PARTITIONS;
}

/** All partitions, ascending. */
export const ALL_PARTITIONS: readonly number[] = Array.from({ length: PARTITIONS }, (_, p) => p);
