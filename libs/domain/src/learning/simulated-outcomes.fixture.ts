/** Made-up outcomes whose true probabilities are known. */
import type { Features } from "./model-spec.js";
import { sigmoid } from "./numeric.js";

/** Uniform numbers from a seed (mulberry32). */
export function uniform(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Truth {
  readonly intercept: number;
  readonly contact: number;
  readonly amount: number;
}

export const TRUTH: Truth = { intercept: -1.5, contact: 1.2, amount: -0.8 };

export interface SimulatedOutcome {
  readonly features: Features;
  readonly label: 0 | 1;
  readonly p: number;
}

/** `contact` is "app" for half of them, `amount` uniform with mean 0 and deviation 1, `noise` means nothing. */
export function outcomesOf(count: number, seed: number, truth: Truth = TRUTH): SimulatedOutcome[] {
  const u = uniform(seed);
  return Array.from({ length: count }, () => {
    const app = u() < 0.5;
    const amount = (u() - 0.5) * Math.sqrt(12);
    const p = sigmoid(truth.intercept + (app ? truth.contact : 0) + truth.amount * amount);
    const features = { contact: app ? "app" : "branch", amount, noise: u() };
    return { features, label: u() < p ? 1 : 0, p };
  });
}
