/** How often the packs that ship let a customer be contacted, and the silences that they keep. */
import {
  CHANNELS,
  type Channel,
  type ContactAbout,
  type Engagement,
  type Profile,
  type Purpose,
} from "#contracts";
import { emptyProfile, evaluate } from "#domain";
import { loadPolicyPacks } from "./load.js";

const packs = loadPolicyPacks(process.cwd());
const consents = Object.fromEntries(CHANNELS.map((c) => [`marketing.${c}`, true]));

interface Asked {
  readonly profile: Partial<Profile>;
  readonly purpose: Purpose;
  readonly channel: Channel;
}
const NEW_YORK = { country: "US", region: "US-NY", timezone: "America/New_York" };
const MIAMI = { country: "US", region: "US-FL", timezone: "America/New_York" };
const PARIS = { country: "FR", timezone: "Europe/Paris" };
/** By New York's clock, so that the noon of these tests is one. */
const AUSTRALIAN = { country: "AU", timezone: "America/New_York" };
const call = (profile: Partial<Profile>, purpose: Purpose): Asked => ({ profile, purpose, channel: "agent" });

describe("the packs that ship", () => {
  const DAY = 86_400_000;
  const NOON = Date.parse("2026-11-20T17:00:00Z");
  interface Past {
    readonly contacts?: number;
    readonly every?: number;
    /** Further contacts, so many days ago. */
    readonly daysAgo?: readonly number[];
    readonly about?: ContactAbout;
    readonly last?: NonNullable<Engagement["last"]>;
  }
  /** At noon in New York after that many contacts on the channel, each so long after the other, the last just now. */
  function after(
    { contacts = 0, every = 0, daysAgo = [], about = {}, last = [] }: Past,
    asked: Asked,
    next: ContactAbout = about,
  ) {
    const { profile, purpose, channel } = asked;
    const request = {
      decisionId: "d",
      customerId: "c",
      at: NOON,
      options: [{ action: "a", purpose, channels: [channel], urgent: false }],
      profile: { ...emptyProfile, seq: 1, consents, ...profile },
      about: next,
      engagement: { last },
    };
    const { verdicts } = evaluate(request, {
      packs,
      copies: [request.profile],
      contacts: [
        ...Array.from({ length: contacts }, (_, i) => i * every),
        ...daysAgo.map((d) => d * DAY),
      ].map((ago) => ({ at: NOON - ago, purpose, channels: [channel], about })),
    });
    const { verdict, rule } = verdicts[0]!;
    return verdict === "permitted" ? verdict : `${verdict} ${rule}`;
  }
  const [ABOUT, OTHER] = [{ event: "cards:1" }, { event: "cards:2" }];
  const [DEBT, ANOTHER] = [{ debt: "loan-1" }, { debt: "loan-2" }];
  const alert: Asked = { profile: NEW_YORK, purpose: "service", channel: "sms" };

  it.each<[what: string, past: Past, asked: Asked, next: ContactAbout, expected: string]>([
    ["US alerts: three per event in three days", { contacts: 2, about: ABOUT }, alert, ABOUT, "permitted"],
    [
      "US alerts: not a fourth",
      { contacts: 3, about: ABOUT },
      alert,
      ABOUT,
      "denied us-alerts/service/caps/0",
    ],
    ["US alerts: about another event", { contacts: 3, about: ABOUT }, alert, OTHER, "permitted"],
    [
      "US alerts: after three days",
      { contacts: 3, every: 1.5 * DAY, about: ABOUT },
      alert,
      ABOUT,
      "permitted",
    ],
    [
      "US collections: seven calls per debt in seven days",
      { contacts: 6, every: DAY, about: DEBT },
      call(NEW_YORK, "collections"),
      DEBT,
      "permitted",
    ],
    [
      "US collections: not an eighth",
      { contacts: 7, every: DAY, about: DEBT },
      call(NEW_YORK, "collections"),
      DEBT,
      "denied us-collections/collections/1/caps/0",
    ],
    [
      "US collections: about another debt",
      { contacts: 7, every: DAY, about: DEBT },
      call(NEW_YORK, "collections"),
      ANOTHER,
      "permitted",
    ],
    [
      "US collections: none within seven days of a conversation",
      { last: [{ what: "conversation", debt: "loan-1", at: NOON - 7 * DAY + 1 }] },
      call(NEW_YORK, "collections"),
      DEBT,
      "denied us-collections/collections/1/coolDown/0",
    ],
    [
      "US collections: but after seven days",
      { last: [{ what: "conversation", debt: "loan-1", at: NOON - 7 * DAY }] },
      call(NEW_YORK, "collections"),
      DEBT,
      "permitted",
    ],
    [
      "France: four calls in thirty days",
      { contacts: 3, every: 9 * DAY },
      call(PARIS, "marketing"),
      {},
      "permitted",
    ],
    [
      "France: not a fifth",
      { contacts: 4, every: 9 * DAY },
      call(PARIS, "marketing"),
      {},
      "denied fr-marketing/marketing/1/caps/0",
    ],
    [
      "France: none until sixty calendar days after a refusal are over in full",
      { last: [{ what: "refusal", purpose: "marketing", at: NOON - 61 * DAY + 1 }] },
      call(PARIS, "marketing"),
      {},
      "denied fr-marketing/marketing/1/coolDown/0",
    ],
    [
      "France: but after those",
      { last: [{ what: "refusal", purpose: "marketing", at: NOON - 61 * DAY }] },
      call(PARIS, "marketing"),
      {},
      "permitted",
    ],
    [
      "Australia: three contacts in a week, calls by people too",
      { contacts: 3, every: DAY, about: DEBT },
      call(AUSTRALIAN, "collections"),
      DEBT,
      "denied au-collections/collections/1/caps/0",
    ],
    [
      "Australia: ten contacts in a month, of which the longest has 31 days",
      { daysAgo: [3, 5, 9, 11, 13, 17, 19, 21, 25, 31], about: DEBT },
      call(AUSTRALIAN, "collections"),
      DEBT,
      "permitted",
    ],
    [
      "Australia: not an eleventh",
      { daysAgo: [3, 5, 9, 11, 13, 17, 19, 21, 25, 30.9], about: DEBT },
      call(AUSTRALIAN, "collections"),
      DEBT,
      "denied au-collections/collections/1/caps/1",
    ],
    [
      "Florida: three calls in a day",
      { contacts: 3 },
      call(MIAMI, "marketing"),
      {},
      "denied us-florida/marketing/0/caps/0",
    ],
  ])("%s", (_, past, asked, next, expected) => expect(after(past, asked, next)).toBe(expected));
});
