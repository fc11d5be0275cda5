import type { Chart } from "#plot";

/** What one evaluation gives: text for the terminal, plots by name, and all its figures. */
export interface Evaluation {
  readonly text: string;
  readonly plots: ReadonlyMap<string, Chart>;
  readonly json: Readonly<Record<string, unknown>>;
}
