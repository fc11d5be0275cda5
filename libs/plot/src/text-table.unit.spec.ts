import { textTable } from "./text-table.js";

const rows = [
  ["offers", "12.5 %", ""],
  ["a", "3 %", "x"],
];

it("aligns the first column to the left and the others to the right, without spaces at the end", () =>
  expect(textTable(["name", "rate", "n"], rows)).toBe(
    ["name      rate  n", "offers  12.5 %", "a          3 %  x"].join("\n"),
  ));

it("draws a line below the head when asked", () =>
  expect(textTable(["name", "rate", "n"], rows, "ruled").split("\n")[1]).toBe("------  ------  -"));
