import { findingsText, findingsTotal } from "./findings.js";

const problem = {
  file: "journeys/a.yaml",
  line: 3,
  column: 11,
  path: "steps[0].next",
  cause: 'there is no step "doen"',
  suggestion: 'did you mean "done"?',
};
const { suggestion: _, ...bare } = problem;
const text = "steps:\n  - id: a\n    next: doen\n";
// eslint-disable-next-line no-control-regex
const plain = (s: string): string => s.replace(/\u001b\[\d+m/g, "");
const options = { nameOf: (f: string) => `bank/${f}`, textOf: () => text };

it("writes a finding as one line", () => {
  const found = { problems: [problem], warnings: [{ ...bare, path: "" }] };
  expect(findingsText(found, { ...options, terminal: false })).toBe(
    'bank/journeys/a.yaml:3:11: error: steps[0].next: there is no step "doen" (did you mean "done"?)\n' +
      'bank/journeys/a.yaml:3:11: warning: there is no step "doen"\n',
  );
});

it("draws the source line with a caret on a terminal", () => {
  expect(plain(findingsText({ problems: [problem], warnings: [] }, { ...options, terminal: true }))).toBe(
    [
      'error: steps[0].next: there is no step "doen"',
      " --> bank/journeys/a.yaml:3:11",
      "  |",
      "3 |     next: doen",
      "  |           ^^^^",
      '  = did you mean "done"?',
      "",
    ].join("\n"),
  );
});

it("says where it is even when there is no source line", () => {
  const shown = findingsText(
    { problems: [bare], warnings: [] },
    { ...options, terminal: true, textOf: () => undefined },
  );
  expect(plain(shown)).toContain(" --> bank/journeys/a.yaml:3:11\n");
  expect(plain(shown)).not.toContain("|");
});

it.each([
  [{ problems: [problem], warnings: [] }, 1, "1 error in 1 file"],
  [{ problems: [problem, problem], warnings: [problem] }, 2, "2 errors, 1 warning in 2 files"],
  [{ problems: [], warnings: [] }, 2, "nothing to complain about in 2 files"],
])("counts", (found, files, expected) => expect(findingsTotal(found, files)).toBe(expected));
