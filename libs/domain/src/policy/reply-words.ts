/**
 * Opt-out words in replies. A reply that is one of them, and nothing else but courtesies, is understood: case, accents,
 * punctuation and spaces do not count. One that only contains such a word, or asks in other words to be left alone, is
 * `unclear`: it changes nothing by itself and is for a person to read.
 *
 * 47 CFR 64.1200(a)(10): "stop", "quit", "end", "revoke", "opt out", "cancel" and "unsubscribe" in a reply end consent
 * whoever sends them. The CTIA's Messaging Principles add STOPALL, START and UNSTOP, and HELP. Other languages have the
 * same words, and a customer may use any of them: there is one list of all, whatever language is on record.
 *
 * A list is never changed once events may have been read by it, or a context would not come out of its events any more: a
 * new one is added with the time since which it counts.
 */
import { eventTypes, type CustomerEvent } from "#contracts";
import { epochMs } from "../time/iso-text.js";

export type ReplyWord = "stop" | "start" | "help" | "unclear" | "other";

/** By language (BCP 47). */
type Words = Readonly<Record<string, readonly string[]>>;

interface WordList {
  /** For messages from this time on, epoch ms; messages older than any list are read by the first. */
  readonly since: number;
  readonly stop: Words;
  readonly start: Words;
  readonly help: Words;
  /** Said around a word without changing it. */
  readonly courtesies: Words;
  /** Contained in a longer reply they make it one for a person to read, as the stop words do. */
  readonly refusals: Words;
}

export const WORD_LISTS: readonly WordList[] = [
  {
    since: epochMs("2026-11-21T00:00:00Z"),
    stop: {
      en: ["stop", "stop all", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe", "remove"],
      cs: ["konec", "zrušit", "odhlásit", "odhlásit se", "odvolávám", "odvolat"],
      sk: ["koniec", "zrušiť", "odhlásiť"],
      de: ["stopp", "ende", "abmelden", "abbestellen", "widerruf", "widerrufen", "kündigen", "beenden"],
      fr: [
        "arrêt",
        "arrêter",
        "arrêtez",
        "désabonner",
        "désinscription",
        "désinscrire",
        "résilier",
        "annuler",
      ],
      es: ["alto", "baja", "parar", "cancelar", "detener", "darme de baja", "revocar"],
      it: ["basta", "fermare", "annulla", "disiscrivi", "disiscrivimi", "cancella", "revoca"],
      pl: ["koniec", "rezygnuję", "anuluj", "wypisz", "wypisz mnie", "wycofuję"],
      hi: ["रोकें", "रोको", "बंद करें", "बंद करो", "बंद"],
      "hi-Latn": ["band karo", "band karein", "roko"],
    },
    start: {
      en: ["start", "unstop"],
      cs: ["začít"],
      fr: ["démarrer"],
      pl: ["wznów"],
      hi: ["शुरू"],
    },
    help: {
      en: ["help", "info"],
      cs: ["pomoc"],
      de: ["hilfe"],
      fr: ["aide"],
      es: ["ayuda"],
      it: ["aiuto"],
      hi: ["मदद"],
      "hi-Latn": ["madad"],
    },
    courtesies: {
      en: ["please", "pls", "thanks", "thank you", "now", "it", "this", "messages", "sms", "texts"],
      cs: ["prosím", "děkuji", "díky"],
      de: ["bitte", "danke"],
      fr: ["merci", "svp", "s'il vous plaît"],
      es: ["por favor", "gracias"],
      it: ["per favore", "grazie"],
      pl: ["proszę", "dziękuję"],
      hi: ["कृपया", "धन्यवाद"],
    },
    refusals: {
      en: [
        "no more",
        "leave me alone",
        "do not",
        "don't",
        "never",
        "not interested",
        "wrong number",
        "remove me",
        "take me off",
        "spam",
        "harassment",
        "lawyer",
      ],
      cs: ["neposílejte", "nepište", "nevolejte", "nechci", "přestaňte", "dejte mi pokoj"],
      sk: ["neposielajte", "nechcem", "prestaňte"],
      de: ["keine", "nicht mehr", "hört auf", "lasst mich"],
      fr: ["ne plus", "pas de", "laissez-moi"],
      es: ["no quiero", "no me", "dejen de"],
      it: ["non voglio", "non mi", "smettete", "lasciatemi"],
      pl: ["nie chcę", "nie piszcie", "nie dzwoń", "przestańcie"],
      hi: ["मत", "नहीं चाहिए"],
      "hi-Latn": ["mat bhejo"],
    },
  },
];

interface Prepared {
  readonly words: ReadonlyMap<string, "stop" | "start" | "help">;
  readonly courtesies: ReadonlySet<string>;
  /** Each with a space before and behind, to be found in a reply as whole words. */
  readonly telling: readonly string[];
  /** The most tokens that a word or courtesy has. */
  readonly longest: number;
}

const prepared: readonly Prepared[] = WORD_LISTS.map((list) => {
  const words = new Map<string, "stop" | "start" | "help">();
  for (const kind of ["help", "start", "stop"] as const)
    for (const word of Object.values(list[kind]).flat())
      for (const between of ["", " "]) words.set(normalised(word).join(between), kind);
  const courtesies = new Set(
    Object.values(list.courtesies)
      .flat()
      .map((c) => normalised(c).join(" ")),
  );
  const telling = [list.stop, list.refusals]
    .flatMap((words) => Object.values(words).flat())
    .map((w) => ` ${normalised(w).join(" ")} `);
  const longest = Math.max(...[...words.keys(), ...courtesies].map((w) => w.split(" ").length));
  return { words, courtesies, telling, longest };
});

/** A reply is read this far; who writes more has not sent a word. */
const MAX_CHARS = 1_000;

/** What a reply says about being contacted. `at`: when it was sent, epoch ms. */
export function replyWord(text: string, at: number): ReplyWord {
  const list =
    prepared[
      Math.max(
        0,
        WORD_LISTS.findLastIndex((l) => l.since <= at),
      )
    ]!;
  const tokens = normalised(text.slice(0, MAX_CHARS));
  if (tokens.length === 0) return "other";
  const said = saidBy(tokens, list) ?? saidBy([tokens.join("")], list);
  if (said && text.length <= MAX_CHARS) return said;
  const whole = ` ${tokens.join(" ")} `;
  return list.telling.some((t) => whole.includes(t)) ? "unclear" : "other";
}

/** The same of an event; `undefined` when it is no reply. */
export function wordOf({
  type,
  data,
  time,
}: Pick<CustomerEvent, "type" | "data" | "time">): ReplyWord | undefined {
  const { text } = data;
  return type === eventTypes.messageReceived && typeof text === "string" ? replyWord(text, time) : undefined;
}

/** The one word that the tokens say, courtesies and repetitions aside; `undefined` when they say more than that. */
function saidBy(tokens: readonly string[], list: Prepared): "stop" | "start" | "help" | undefined {
  let said: "stop" | "start" | "help" | undefined;
  for (let i = 0; i < tokens.length;) {
    let taken = 0;
    for (let n = Math.min(list.longest, tokens.length - i); n > 0 && taken === 0; n--) {
      const part = tokens.slice(i, i + n).join(" ");
      const word = list.words.get(part);
      if (word === undefined && !list.courtesies.has(part)) continue;
      // Two that contradict each other are for a person.
      if (word !== undefined && said !== undefined && word !== said) return undefined;
      said = word ?? said;
      taken = n;
    }
    if (taken === 0) return undefined;
    i += taken;
  }
  return said;
}

/** Lower-case words without accents or punctuation. Marks of scripts that are written with them (Devanagari) stay. */
function normalised(text: string): string[] {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\p{Cf}]/gu, "")
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("ł", "l")
    .replace(/['’]/gu, "")
    .split(/[\p{P}\p{S}\p{Z}\p{Cc}]+/u)
    .filter((t) => t !== "");
}
