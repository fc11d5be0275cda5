/**
 * Languages of texts: which treatment a customer gets, and how numbers and dates are written in it. Written out here instead
 * of by the platform's locale data, which changes between releases: a decision must replay to the same bytes (I9).
 */
import type { ActionDefinition, Channel, TreatmentDefinition } from "#contracts";

const base = (tag: string): string => tag.toLowerCase().split("-")[0]!;

/**
 * The treatment of a channel for a customer's language: the very tag (`cs-CZ`), then its language (`cs`), then any other
 * region of that language, then the treatment that names no language, then the first. `undefined`: none on this channel.
 */
export function treatmentFor(
  action: ActionDefinition,
  channel: Channel,
  language: string | undefined,
): TreatmentDefinition | undefined {
  const own = action.treatments.filter((t) => t.channel === channel);
  if (own.length < 2) return own[0];
  const wanted = language?.toLowerCase();
  const spoken = wanted === undefined ? undefined : base(wanted);
  return (
    (spoken === undefined
      ? undefined
      : (own.find((t) => t.language?.toLowerCase() === wanted) ??
        own.find((t) => t.language?.toLowerCase() === spoken) ??
        own.find((t) => t.language !== undefined && base(t.language) === spoken))) ??
    own.find((t) => t.language === undefined) ??
    own[0]
  );
}

export interface Writing {
  /** Between thousands. */
  readonly group: string;
  /** Before decimals. */
  readonly point: string;
  /** `d` `m` and `y` stand for the numbers, `dd` and `mm` for two digits each. */
  readonly date: string;
}

const NBSP = "\u00a0";
/** CLDR 46, short forms of the language's largest region. */
const WRITINGS: Readonly<Record<string, Writing>> = {
  en: { group: ",", point: ".", date: "dd/mm/y" },
  "en-us": { group: ",", point: ".", date: "mm/dd/y" },
  cs: { group: NBSP, point: ",", date: `d.${NBSP}m.${NBSP}y` },
  sk: { group: NBSP, point: ",", date: `d.${NBSP}m.${NBSP}y` },
  pl: { group: NBSP, point: ",", date: "dd.mm.y" },
  de: { group: ".", point: ",", date: "dd.mm.y" },
  fr: { group: "\u202f", point: ",", date: "dd/mm/y" },
  es: { group: ".", point: ",", date: "dd/mm/y" },
  it: { group: ".", point: ",", date: "dd/mm/y" },
  pt: { group: ".", point: ",", date: "dd/mm/y" },
  nl: { group: ".", point: ",", date: "dd-mm-y" },
};
/** Of texts that name no language, and of languages that are not listed: nobody reads these wrongly. */
const PLAIN: Writing = { group: ",", point: ".", date: "y-mm-dd" };

/** How numbers and dates are written in a language (BCP 47), by its base where the region is not listed. */
export function writingOf(language: string | undefined): Writing {
  if (language === undefined) return PLAIN;
  return WRITINGS[language.toLowerCase()] ?? WRITINGS[base(language)] ?? PLAIN;
}

/** `12 345,6` for 12345.6 in Czech. */
export function numberText(value: number, { group, point }: Writing): string {
  const [whole = "", part] = String(value).split(".");
  // What is written with an exponent is no number for a text to group.
  if (/e/i.test(whole) || (part !== undefined && /e/i.test(part))) return String(value);
  return whole.replace(/\B(?=(\d{3})+$)/g, group) + (part === undefined ? "" : point + part);
}

/** A date by its numbers. */
export function dateText(year: number, month: number, day: number, { date }: Writing): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return date.replace(/dd|mm|d|m|y/g, (part) => {
    if (part === "y") return String(year).padStart(4, "0");
    const n = part.startsWith("d") ? day : month;
    return part.length === 2 ? two(n) : String(n);
  });
}
