import type { ModelState } from "../learning/index.js";

export interface Weight {
  /** `balance` per standard deviation, `segment = gold`, `balance missing`. */
  readonly feature: string;
  /** Of the log-odds. */
  readonly weight: number;
}

/** What each feature adds to the log-odds as far as it was learned, the strongest first. */
export function weightsOf({ encoding, members }: ModelState): Weight[] {
  const found: Weight[] = [];
  for (const [feature, columns] of Object.entries(encoding.columns.of))
    for (const [key, column] of Object.entries(columns)) {
      const weight = members.reduce((sum, { share, mean }) => sum + share * (mean[column] ?? 0), 0);
      if (weight !== 0) found.push({ feature: nameOf(feature, key), weight });
    }
  return found.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
}

function nameOf(feature: string, key: string): string {
  if (key === "value") return feature;
  return key.startsWith("=") ? `${feature} = ${key.slice(1)}` : `${feature} ${key}`;
}
