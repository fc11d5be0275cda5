/** A catalogue as large as a bank's: 2,500 actions with two treatments each, for tests of scale and the benchmark. */
import { catalogueV1, type CatalogueDefinition } from "#contracts";

export interface LargeCatalogueOptions {
  /** Default 2,500. */
  readonly actions?: number;
  readonly id?: string;
  /** Number of the first action; several catalogues together have each action once. Default 0. */
  readonly first?: number;
}

/** Tag that every action of a large catalogue has. */
export const LARGE_TAG = "everything";

const PRODUCTS = ["savings", "loan", "card", "insurance", "mortgage", "fund", "account", "pension"] as const;

/**
 * Actions `offer-0` … with English and Czech texts, typed variables, costs, tags (`everything`, one of eight products) and
 * conditions as catalogues have them: most actions fit some customers, and each customer fits about two thirds of them. The
 * same options give the same catalogue.
 */
export function largeCatalogue({
  actions = 2_500,
  id = "large",
  first = 0,
}: LargeCatalogueOptions = {}): CatalogueDefinition {
  return catalogueV1.parse({
    kind: "Catalogue",
    id,
    version: 1,
    description: "Generated, for tests of scale",
    actions: Array.from({ length: actions }, (_, n) => {
      const i = first + n;
      const product = PRODUCTS[i % PRODUCTS.length]!;
      return {
        id: `offer-${i}`,
        description: `Offer ${i} of ${product}`,
        purpose: "marketing",
        tags: [LARGE_TAG, product],
        cost: (i % 7) / 10,
        variables: { amountMinor: { type: "money", default: 0 }, name: { type: "text", default: "you" } },
        value: 10 + ((i * 37) % 211),
        ...(i % 3 === 0 ? { eligibility: `event.data.amountMinor > ${(i % 10) * 1_000}` } : {}),
        ...(i % 4 === 0 ? { applicability: `!("seen-${product}" in context.attributes)` } : {}),
        ...(i % 5 === 0 ? { suitability: `context.contacts.size() < ${2 + (i % 6)}` } : {}),
        treatments: [
          {
            channel: i % 2 === 0 ? "push" : "email",
            language: "en",
            title: `Offer ${i}`,
            body: `For {name}: offer ${i} of ${product} over {amountMinor}`,
          },
          {
            channel: i % 2 === 0 ? "push" : "email",
            language: "cs",
            title: `Nabídka ${i}`,
            body: `Pro {name}: nabídka ${i} (${product}) na {amountMinor}`,
          },
        ],
      };
    }),
  });
}
