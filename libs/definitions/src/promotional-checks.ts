/**
 * Service or marketing: any promotional content makes a message marketing, with marketing's consents, caps and hours. So
 * what is marked as promotional must say so in its purpose, and texts of other purposes are looked through for words that
 * read like promotion.
 */
import type { ActionDefinition, CatalogueDefinition, TreatmentDefinition } from "#contracts";
import type { DefinitionFile, Path } from "./definition-file.js";
import { PROMOTIONAL_WORDS } from "./promotional-words.js";

/** An action with this tag is promotional. */
export const PROMOTIONAL_TAG = "promotional";

/**
 * Notes a problem for an action that promotes something and is not marketing: any promotional content makes a
 * message marketing (docs/catalogue.md says what counts as such, and after which rules).
 */
export function checkPromotion(
  file: DefinitionFile<CatalogueDefinition>,
  path: Path,
  action: ActionDefinition,
  words: PromotionalWords,
): void {
  const marks: Path[] = [
    ...(action.promotional === true ? [[...path, "promotional"]] : []),
    ...(action.tags ?? []).flatMap((tag, i) => (tag === PROMOTIONAL_TAG ? [[...path, "tags", i]] : [])),
    ...action.treatments.flatMap((t, i) =>
      t.promotional === true ? [[...path, "treatments", i, "promotional"]] : [],
    ),
  ];
  if (action.promotional === false)
    for (const mark of marks)
      file.report(mark, `${action.id} says promotional: false and is marked as promotional here`, {
        suggestion: "take one of the two away",
      });
  if (action.purpose === "marketing") return;
  for (const mark of marks)
    file.report(mark, `${action.id} is promotional and of purpose ${action.purpose}: that is marketing`, {
      suggestion: "give it purpose marketing, or say the promotional part in an action of its own",
    });
  if (marks.length > 0 || action.promotional === false) return;
  for (const [t, treatment] of action.treatments.entries()) {
    // For people of the bank, not for customers.
    if (treatment.channel === "agent" || treatment.channel === "execute") continue;
    for (const field of ["title", "body"] as const) {
      const found = words.find(treatment, treatment[field]);
      if (found)
        file.report(
          [...path, "treatments", t, field],
          `${JSON.stringify(found.word)} reads like promotion, and ${action.id} is of purpose ${action.purpose}: any promotional content makes a message marketing`,
          {
            offset: found.offset,
            suggestion:
              "say it without, give the action purpose marketing, or, if it promotes nothing, promotional: false",
          },
        );
    }
  }
}

/** The words of all languages, with those that a catalogue adds. */
export class PromotionalWords {
  readonly #byLanguage = new Map<string, RegExp>();
  readonly #any: RegExp;

  constructor(added: CatalogueDefinition["promotionalWords"] = {}) {
    const languages = new Set([...Object.keys(PROMOTIONAL_WORDS), ...Object.keys(added)]);
    const all: string[] = [];
    for (const language of languages) {
      const words = [...(PROMOTIONAL_WORDS[language.toLowerCase()] ?? []), ...(added[language] ?? [])];
      all.push(...words);
      this.#byLanguage.set(language.toLowerCase(), patternOf(words));
    }
    this.#any = patternOf(all);
  }

  /** The first such word of a text; in one that names no language, of any. */
  find(
    { language }: Pick<TreatmentDefinition, "language">,
    text: string,
  ): { readonly word: string; readonly offset: number } | undefined {
    const pattern =
      language === undefined
        ? this.#any
        : (this.#byLanguage.get(language.toLowerCase().split("-")[0]!) ?? this.#any);
    const found = pattern.exec(text);
    return found ? { word: found[0], offset: found.index } : undefined;
  }
}

/** Whole words: a word begins and ends where no letter or digit goes on, but for one that begins with a sign (`20% off`). */
function patternOf(words: readonly string[]): RegExp {
  const parts = [...new Set(words)].map((word) => {
    const open = word.endsWith("*");
    const text = (open ? word.slice(0, -1) : word).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const start = /^[\p{L}\p{N}]/u.test(word) ? "(?<![\\p{L}\\p{N}])" : "";
    return `${start}${text.replace(/\s+/g, "\\s+")}${open ? "\\p{L}*" : ""}`;
  });
  return new RegExp(`(?:${parts.join("|")})(?![\\p{L}\\p{N}])`, "iu");
}
