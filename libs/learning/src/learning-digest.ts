import type { ModelDefinition } from "#contracts";
import { textDigest } from "#definitions";
import { LEARNER } from "#domain";

/** Names what a model learns, of what and how. A change of its description, of its bounds or of its version leaves what was learned. */
export function learningDigest({ success, horizon, features, memory }: ModelDefinition): string {
  const text = JSON.stringify([
    LEARNER,
    [...success].sort(),
    horizon,
    Object.entries(features),
    memory ?? null,
  ]);
  return textDigest(text).slice(0, 12);
}
