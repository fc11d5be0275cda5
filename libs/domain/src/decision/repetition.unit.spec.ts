import type { ContextView, Purpose } from "#contracts";
import { aCatalogue, anAction, aRequest } from "./given-decision.js";
import { Repetition } from "./repetition.js";

const DAY = 86_400_000;
const NOW = 100 * DAY;

type Said = ContextView["contacts"][number];
const said = (action: string, daysAgo: number, given: Partial<Said> = {}): Said => ({
  action,
  channel: "push",
  purpose: "marketing",
  at: NOW - daysAgo * DAY,
  ...given,
});

const savings = anAction("savings", { group: "saving", restFor: "7d" });
const deposit = anAction("deposit", { group: "saving" });
const card = anAction("card");
const notice = anAction("notice", { group: "saving", purpose: "service" });
const catalogue = aCatalogue(savings, deposit, card, notice);

/** What speaks against each of the four, by name. */
function against(contacts: Said[], arbitration?: NonNullable<typeof catalogue.arbitration>): unknown {
  const request = aRequest({ at: NOW, context: { now: NOW, attributes: {}, signals: {}, contacts } });
  const repetition = new Repetition(request, arbitration ? { ...catalogue, arbitration } : catalogue);
  return Object.fromEntries(
    [savings, deposit, card, notice].flatMap((a) => {
      const e = repetition.against(a);
      return e ? [[a.id, [e.stage, e.reason, ...(e.until === undefined ? [] : [e.until])].join(" ")]] : [];
    }),
  );
}

describe("exclusion", () => {
  it("lets an action and its group rest after it was said", () => {
    expect(against([said("savings", 3)])).toEqual({
      savings: `exclusion said_recently: savings ${NOW + 4 * DAY}`,
      deposit: `exclusion group_said_recently: savings ${NOW + 4 * DAY}`,
    });
  });

  it.each<[string, Said[]]>([
    ["the rest is over", [said("savings", 7)]],
    ["what was said does not rest", [said("deposit", 1)]],
    ["it did not get through", [said("savings", 1, { outcome: "failed" })]],
    ["it is in no catalogue any more", [said("gone", 1)]],
  ])("says nothing when %s", (_name, contacts) => {
    expect(against(contacts)).toEqual({});
  });

  it("never silences another purpose", () => {
    expect(against([said("savings", 1, { purpose: "service" as Purpose })])).toEqual({
      notice: `exclusion group_said_recently: savings ${NOW + 6 * DAY}`,
    });
  });
});

describe("diversity", () => {
  const rule = { off: [], diversity: { contacts: 4, sameAction: 1, sameGroup: 2 } };

  it("bounds how many of the last marketing contacts are of one action or group, this one counted", () => {
    const old = { outcome: "delivered" };
    const contacts = [
      said("card", 40, old),
      said("deposit", 30, old),
      said("savings", 20, old),
      said("other", 10, old),
    ];
    expect(against(contacts, rule)).toEqual({
      savings: "diversity too_often_this_action: 1 of the last 3",
      deposit: "diversity too_often_this_action: 1 of the last 3",
    });
    expect(against(contacts, { off: [], diversity: { contacts: 4, sameGroup: 2 } })).toEqual({
      savings: "diversity too_often_this_group: 2 of the last 3",
      deposit: "diversity too_often_this_group: 2 of the last 3",
    });
  });

  it("counts neither service messages nor work for agents", () => {
    const contacts = [said("card", 2, { purpose: "service" }), said("card", 1, { channel: "agent" })];
    expect(against(contacts, rule)).toEqual({});
  });
});
