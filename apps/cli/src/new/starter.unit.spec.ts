import { PURPOSES, type ActionDefinition, type Channel } from "#contracts";
import { formatProblem, readActions, readSurroundings, validateJourney } from "#definitions";
import { starter, starterAction } from "./starter.js";

const around = readSurroundings(process.cwd());
const actions = readActions(process.cwd());

it.each(PURPOSES.filter((p) => starterAction(actions, p)))("is valid as it is, for %s", (purpose) => {
  const action = starterAction(actions, purpose)!;
  const text = starter({
    id: "mine",
    purpose,
    event: "account.credited",
    action: action.id,
    schema: "../docs/contracts/journey.v1.json",
  });
  expect(text).toMatch(
    /^# yaml-language-server: \$schema=\.\.\/docs\/contracts\/journey\.v1\.json\nkind: Journey\n/,
  );
  const { problems, warnings, journey } = validateJourney({ name: "mine.yaml", text }, around);
  expect([...problems, ...warnings].map(formatProblem)).toEqual([]);
  expect(journey).toMatchObject({ id: "mine", purpose, version: 1 });
});

it("takes the action that can speak to the customer on most channels, under the fewest conditions", () => {
  const some = actions[0]!;
  const on = (id: string, ...channels: Channel[]): ActionDefinition => ({
    ...some,
    id,
    treatments: channels.map((channel) => ({ ...some.treatments[0]!, channel })),
  });
  const narrow = {
    ...on("n", "sms", "push"),
    eligibility: "false",
    applicability: "false",
    suitability: "false",
  };
  const open: ActionDefinition = { ...on("o", "sms", "push"), eligibility: "true" };
  expect(starterAction([narrow, open], some.purpose)?.id).toBe("o");
  const executed = on("a", "execute", "agent");
  expect(
    starterAction([executed, on("b", "sms"), on("c", "sms", "push"), on("d", "push", "sms")], some.purpose)
      ?.id,
  ).toBe("c");
  expect(starterAction([executed], some.purpose)).toBeUndefined();
});
