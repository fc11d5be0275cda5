import { ALL_PARTITIONS, fnv1a32 } from "#contracts";

/** Murmur3's finalizer: spreads FNV's weak high bits. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The owner of each partition, by partition: the member with the highest score (rendezvous hashing, Thaler and Ravishankar
 * 1996) that has room, so that nobody holds more than an even share. When a member comes or goes, little else moves.
 * Empty without members.
 */
export function ownersOf(members: Iterable<string>): readonly string[] {
  const share = new Map([...members].map((m) => [m, 0]));
  if (share.size === 0) return [];
  const evenShare = Math.ceil(ALL_PARTITIONS.length / share.size);
  return ALL_PARTITIONS.map((partition) => {
    let owner: string | undefined;
    let best = -1;
    for (const [member, held] of share) {
      if (held >= evenShare) continue;
      const score = mix(fnv1a32(`${partition}/${member}`));
      if (score > best || (score === best && owner !== undefined && member < owner)) {
        best = score;
        owner = member;
      }
    }
    share.set(owner!, share.get(owner!)! + 1);
    return owner!;
  });
}
