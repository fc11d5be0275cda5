import { fnv1a32 } from "#contracts";

/** Murmur3's finalizer: spreads FNV's weak high bits. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The member that owns a partition: the one with the highest score (rendezvous hashing, Thaler and Ravishankar
 * 1996). When a member comes or goes, only its own share moves. `undefined` without members.
 */
export function ownerOf(partition: number, members: Iterable<string>): string | undefined {
  let owner: string | undefined;
  let best = -1;
  for (const member of members) {
    const score = mix(fnv1a32(`${partition}/${member}`));
    if (score > best || (score === best && owner !== undefined && member < owner)) {
      best = score;
      owner = member;
    }
  }
  return owner;
}
