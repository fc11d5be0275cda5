import type { ModelDefinition } from "#contracts";
import { textDigest } from "#definitions";

/** Names what a model learns and of what. A change of its description, of its bounds or of its version leaves what was learned. */
export function learningDigest({ success, horizon, features, memory }: ModelDefinition): string {
  const text = JSON.stringify([[...success].sort(), horizon, Object.entries(features), memory ?? null]);
  return textDigest(text).slice(0, 12);
}
