/** Rows of the MineThatData e-mail test (K. Hillstrom 2008): one of three actions drawn at random for each customer. */
import type { FeatureSpec, Features } from "#domain";
import { BadFile, readTable } from "../csv-file.js";

export const ACTIONS = ["Mens E-Mail", "Womens E-Mail", "No E-Mail"] as const;
export type Action = (typeof ACTIONS)[number];

/** Each was drawn for a third. */
export const PROPENSITY = 1 / 3;

export const REWARDS = ["visit", "conversion", "spend"] as const;
export type Reward = (typeof REWARDS)[number];

export interface Customer {
  readonly features: Features;
  readonly action: Action;
  /** In the two weeks after: 0 or 1 for visit and conversion, USD for spend. */
  readonly rewards: Readonly<Record<Reward, number>>;
}

/** `mens` and `womens` say what was bought before, not who the customer is. */
export const FEATURES: Readonly<Record<string, FeatureSpec>> = {
  recency: { kind: "number" },
  history: { kind: "number", scale: "log" },
  bought: { kind: "category" },
  zip_code: { kind: "category" },
  newbie: { kind: "category" },
  channel: { kind: "category" },
};

/** Throws BadFile. */
export function readCustomers(file: string): Customer[] {
  const plain = ["recency", "history", "zip_code", "newbie", "channel"];
  const { rows } = readTable(file, [...plain, "mens", "womens", "segment", ...REWARDS]);
  return rows.map((row, i) => {
    const action = ACTIONS.find((a) => a === row.segment);
    if (action === undefined)
      throw new BadFile(
        `${file}, line ${i + 2}: segment "${row.segment}" is none of ${ACTIONS.map((a) => `"${a}"`).join(", ")}`,
      );
    return {
      features: {
        recency: Number(row.recency),
        history: Number(row.history),
        bought: `mens ${row.mens}, womens ${row.womens}`,
        zip_code: row.zip_code,
        newbie: row.newbie,
        channel: row.channel,
      },
      action,
      rewards: {
        visit: Number(row.visit),
        conversion: Number(row.conversion),
        spend: Number(row.spend),
      },
    };
  });
}
