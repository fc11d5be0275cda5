/** Each check, with a journey that breaks exactly that. */
import { journeyV1, type ActionDefinition, type Channel, type Purpose } from "#contracts";
import { conditionsOverlap } from "./conflict-checks.js";
import { formatProblem } from "./definition-error.js";
import type { Surroundings } from "./journey-checks.js";
import { validateJourney } from "./validate.js";

const action = (id: string, purpose: Purpose, ...channels: Channel[]): [string, ActionDefinition] => [
  id,
  {
    id,
    description: id,
    purpose,
    value: 1,
    weight: 1,
    urgent: false,
    validFor: "1d",
    parameters: {},
    treatments: channels.map((channel) => ({ channel, title: "t", body: "b", receiptTimeout: "10m" })),
  },
];

const around: Surroundings = {
  actions: new Map([
    action("offer", "marketing", "push", "email"),
    action("notice", "service", "sms"),
    action("dun", "collections", "sms"),
    action("case", "service", "agent"),
    action("reward", "marketing", "execute"),
  ]),
  purposes: new Set<Purpose>(["marketing", "service"]),
  events: new Set(["transfer.sent", "savings.opened", "payment.sent"]),
  fields: new Map([["transfer.sent", new Set(["amountMinor", "currency"])]]),
};

/** Nothing is wrong with it. */
const GOOD = `kind: Journey
id: good
version: 1
description: nothing is wrong with it
purpose: marketing
trigger: { event: transfer.sent, when: event.data.amountMinor > 1 }
entry: { rule: after-exit }
cap: { contacts: 3, period: 7d }
goal: { event: savings.opened }
steps:
  - { id: offer, type: send, action: offer, next: answer, otherwise: none }
  - { id: answer, type: wait, for: [{ outcome: [clicked], goto: done }], atMost: 2d, onTimeout: none }
  - { id: done, type: exit, reason: done }
  - { id: none, type: exit, reason: none }
`;

/** What validation says of the journey with some of its text replaced. */
function said(changes: readonly (readonly [string, string])[], beside = around) {
  let text = GOOD;
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const { problems, warnings } = validateJourney({ name: "good.yaml", text }, beside);
  return { problems: problems.map(formatProblem), warnings: warnings.map(formatProblem) };
}

it("says nothing of a journey that is right", () => {
  expect(said([])).toEqual({ problems: [], warnings: [] });
});

describe("problems", () => {
  const cases: [string, [string, string][], string][] = [
    [
      "a step that can fail and does not say what then",
      [[", otherwise: none", ""]],
      'good.yaml:11:5 steps[0]: step "offer" does not say where to go when it cannot be done (add otherwise: <step>, for when nothing may be said or no answer comes)',
    ],
    [
      "an exit that no step leads to",
      [["reason: none }\n", "reason: none }\n  - { id: lost, type: exit, reason: lost }\n"]],
      'good.yaml:15:11 steps[4].id: exit "lost" is never reached (let a step lead to it, or remove it)',
    ],
    [
      "a step that no step leads to",
      [["reason: none }\n", "reason: none }\n  - { id: lost, type: wait, atMost: 1d }\n"]],
      'good.yaml:15:11 steps[4].id: step "lost" is never reached (let a step lead to it, or remove it)',
    ],
    [
      "a target that is misspelt",
      [["onTimeout: none", "onTimeout: non"]],
      'good.yaml:12:97 steps[1].onTimeout: there is no step "non" (did you mean "none"?)',
    ],
    [
      "a circle that no wait interrupts",
      [
        ["next: answer, otherwise: none", "next: answer, otherwise: offer"],
        ["onTimeout: none", "onTimeout: none"],
      ],
      'good.yaml:11:11 steps[0].id: step "offer" leads back to itself without a wait in between (put a wait into the circle, or let it end)',
    ],
    [
      "a circle with waits and without an end",
      [
        ["goal: { event: savings.opened }\n", ""],
        ["otherwise: none", "otherwise: answer"],
        ["goto: done", "goto: offer"],
        ["onTimeout: none", "onTimeout: offer"],
        ["  - { id: done, type: exit, reason: done }\n  - { id: none, type: exit, reason: none }\n", ""],
      ],
      'good.yaml:10:11 steps[0].id: no end can be reached from step "offer": it goes round for ever (let a step of the circle lead to an exit)',
    ],
    [
      "a wait without a limit",
      [["atMost: 2d, ", ""]],
      "good.yaml:12:5 steps[1].atMost: is missing: a wait says how long: atMost (a duration) or until (a moment) (every wait ends: say how long it lasts at most, for example atMost: 2d)",
    ],
    [
      "an outcome of nothing",
      [
        [
          "  - { id: offer,",
          "  - { id: first, type: wait, for: [{ outcome: [clicked], goto: offer }], atMost: 1d, next: offer }\n  - { id: offer,",
        ],
      ],
      "good.yaml:11:47 steps[0].for[0].outcome: this outcome never comes: no step before this wait orders anything",
    ],
    [
      "a goal of a journey that never waits",
      [
        ["next: answer", "next: done"],
        [/  - \{ id: answer.*\n/.exec(GOOD)![0], ""],
      ],
      "good.yaml:9:1 goal: the goal can never be reached: no step waits, so the journey has ended before another event can come (add a wait, or remove the goal)",
    ],
    [
      "a goal that an exit takes away",
      [["steps:", "exitOn: [{ event: [payment.sent, savings.opened], reason: gone }]\nsteps:"]],
      "good.yaml:9:1 goal: the goal can never be reached: savings.opened ends the journey first (exitOn) (give the exit a condition, or remove one of the two)",
    ],
    [
      "an unknown action",
      [["action: offer", "action: ofer"]],
      'good.yaml:11:38 steps[0].action: action "ofer" is not in the catalogue (did you mean "offer"?)',
    ],
    [
      "an unknown channel",
      [["action: offer", "action: offer, channels: [pusch]"]],
      'good.yaml:11:56 steps[0].channels[0]: Invalid option: expected one of "push"|',
    ],
    [
      "a channel that the action has no text for",
      [["action: offer", "action: offer, channels: [push, sms]"]],
      "good.yaml:11:62 steps[0].channels[1]: no action of this step has a treatment for channel sms (treated are push, email)",
    ],
    [
      "a purpose that no policy knows",
      [
        ["action: offer", "action: dun"],
        ["purpose: marketing", "purpose: collections"],
      ],
      "good.yaml:11:38 steps[0].action: no policy says which consent purpose collections needs: dun would be denied on every channel (add a rule for purpose collections to a pack in policies/)",
    ],
    [
      "an offer sent by a service journey",
      [["purpose: marketing", "purpose: service"]],
      'good.yaml:11:38 steps[0].action: action "offer" is marketing, and a journey of purpose service sends it: what a customer gets as service must not promote (offer it in a decide step, or send it in a marketing journey)',
    ],
    [
      "an unknown step type",
      [["type: send", "type: sned"]],
      "good.yaml:11:24 steps[0].type: Invalid discriminator value",
    ],
    [
      "a missing purpose",
      [["purpose: marketing\n", ""]],
      'good.yaml:1:1 purpose: is missing: Invalid option: expected one of "marketing"|"service"|"collections" (say why the customer is contacted',
    ],
  ];
  it.each(cases)("%s", (_name, changes, expected) => {
    const { problems, warnings } = said(changes);
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(warnings).toEqual([]);
  });
});

describe("warnings", () => {
  const cases: [string, [string, string][], string][] = [
    [
      "an event that nobody declares",
      [["event: savings.opened", "event: saving.opened"]],
      'good.yaml:9:16 goal.event: no event of type "saving.opened" is known (did you mean "savings.opened"?)',
    ],
    [
      "an event that is like no other",
      [["event: savings.opened", "event: moon.landed"]],
      'no event of type "moon.landed" is known (if it does come, declare it in events/)',
    ],
    [
      "a field that the event does not declare",
      [["event.data.amountMinor", "has(event.data.amountMinr) && event.data.amountMinr"]],
      'transfer.sent declares no field "amountMinr" (did you mean "amountMinor"?)',
    ],
    [
      "a field of the trigger, read later, that is like no other",
      [["event: savings.opened", 'event: savings.opened, when: trigger.data.moon == "full"']],
      'goal.when: transfer.sent declares no field "moon" (if it does come, declare it in events/)',
    ],
    [
      "marketing without a cap",
      [["cap: { contacts: 3, period: 7d }\n", ""]],
      "good.yaml:5:10 purpose: this marketing journey has no cap of its own (add cap: { contacts: 3, period: 30d }",
    ],
    [
      "a service message in a marketing journey",
      [["action: offer", "action: notice"]],
      'action "notice" is of purpose service, the journey of purpose marketing (say it in a journey of purpose service',
    ],
    [
      "a circle that only an event ends",
      [
        ["otherwise: none", "otherwise: answer"],
        ["goto: done", "goto: offer"],
        ["onTimeout: none", "onTimeout: offer"],
        ["  - { id: done, type: exit, reason: done }\n  - { id: none, type: exit, reason: none }\n", ""],
      ],
      'no end can be reached from step "offer": it goes round for ever unless an event ends the journey',
    ],
    [
      "a next that is never taken",
      [["onTimeout: none", "onTimeout: none, next: done"]],
      "steps[1].next: is never taken: when the wait is over it goes to `onTimeout` (remove one of the two)",
    ],
  ];
  it.each(cases)("%s", (_name, changes, expected) => {
    const { problems, warnings } = said(changes);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(expected)]);
  });

  it("takes what Segue says itself, and what starts another journey, for known", () => {
    const published = [journeyV1.parse({ ...other, trigger: { event: "moon.landed" } })];
    for (const type of ["consent.changed", "outcome.clicked", "moon.landed"])
      expect(said([["event: savings.opened", `event: ${type}`]], { ...around, published }).warnings).toEqual(
        [],
      );
  });

  it("checks nothing against what is not known", () => {
    expect(
      said(
        [
          ["action: offer", "action: dun"],
          ["savings.opened", "moon.landed"],
        ],
        {},
      ),
    ).toEqual({
      problems: [],
      warnings: [],
    });
  });
});

const other = {
  kind: "Journey",
  id: "other",
  version: 1,
  description: "d",
  purpose: "marketing",
  trigger: { event: ["payment.sent", "transfer.sent"], when: "event.data.amountMinor>1" },
  entry: { rule: "once" },
  steps: [
    { id: "s", type: "send", action: "offer", otherwise: "x" },
    { id: "x", type: "exit", reason: "x" },
  ],
};

describe("conflicts", () => {
  const conflict = (over: object, changes: [string, string][] = []): readonly string[] => {
    const published = [journeyV1.parse({ ...other, ...over })];
    return said(changes, { ...around, published }).warnings;
  };
  const message =
    'good.yaml:6:19 trigger.event: journey "other" starts at transfer.sent too, under the same condition, and may speak on the same channels (marketing/push, marketing/email) (put both into one group, or give them different priorities)';

  it("sees a published journey with the same trigger, audience, channel and purpose", () => {
    expect(conflict({})).toEqual([message]);
  });

  it("looks at the newest version alone", () => {
    const old = journeyV1.parse(other);
    const now = journeyV1.parse({ ...other, version: 2, trigger: { event: "payment.sent" } });
    expect(said([], { ...around, published: [now, old] }).warnings).toEqual([]);
    expect(
      said([], { ...around, published: [old, { ...now, version: 1 }, { ...old, version: 2 }] }).warnings,
    ).toEqual([message]);
  });

  it("says so when one of them has no condition", () => {
    expect(conflict({ trigger: { event: "transfer.sent" } })).toEqual([
      expect.stringContaining("one of them under every condition"),
    ]);
  });

  it.each([
    ["another trigger", { trigger: { event: "payment.sent" } }],
    ["another audience", { trigger: { event: "transfer.sent", when: "event.data.amountMinor > 2" } }],
    [
      "another purpose",
      { steps: [{ id: "s", type: "send", action: "notice", otherwise: "x" }, other.steps[1]] },
    ],
    [
      "nothing to say",
      { steps: [{ id: "s", type: "execute", action: "reward", otherwise: "x" }, other.steps[1]] },
    ],
    ["itself in another version", { id: "good", version: 7 }],
  ])("sees none with %s", (_name, over) => expect(conflict(over)).toEqual([]));

  it("sees none on another channel", () => {
    const steps = [{ ...other.steps[0], channels: ["email"] }, other.steps[1]];
    expect(conflict({ steps }, [["action: offer", "action: offer, channels: [push]"]])).toEqual([]);
  });

  it.each([
    [undefined, undefined, true],
    ["a > 1", undefined, true],
    ["a > 1 && b", "b&&a>1", true],
    ["has(event.data.x) && event.data.x == 1", "event.data.x == 1", true],
    ["a > 1 && b", "a > 1", true],
    ["a > 1", "a > 2", false],
    ["a || b", "a", false],
    ["a || b && c", "c", false],
    ["(a || b) && c", "c", true],
    ['x == "a && b"', 'x == "a&&b"', false],
    ['x == "a && b" && c', 'c && x == "a && b"', true],
  ])("takes %p and %p as overlapping: %p", (a, b, expected) =>
    expect(conditionsOverlap(a, b)).toBe(expected),
  );
});
