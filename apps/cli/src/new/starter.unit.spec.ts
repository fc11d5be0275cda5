import { PURPOSES } from "#contracts";
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

it("takes an action that speaks to the customer", () => {
  const executed = {
    ...actions[0]!,
    id: "x",
    treatments: [{ ...actions[0]!.treatments[0]!, channel: "execute" as const }],
  };
  expect(starterAction([executed, actions[0]!], actions[0]!.purpose)).toBe(actions[0]);
  expect(starterAction([executed], actions[0]!.purpose)).toBeUndefined();
});
