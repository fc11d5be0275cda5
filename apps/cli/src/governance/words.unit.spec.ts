import type { GovernanceChange } from "#contracts";
import { changeText } from "./words.js";

const live = { version: 2, percent: 10, from: 0 };

it.each<[string, GovernanceChange]>([
  [
    "published version 2 of anna for 10 %",
    { kind: "published", version: 2, digest: "d", author: "anna", live, gate: "kept" },
  ],
  [
    "published version 2 of anna for 10 %, without the gate",
    { kind: "published", version: 2, digest: "d", author: "anna", live, gate: "not-asked" },
  ],
  [
    "widened version 2 from 10 % to 50 %",
    { kind: "widened", version: 2, before: live, live: { ...live, percent: 50 } },
  ],
  [
    "moved version 2 to 1970-01-02T00:00:00.000Z",
    { kind: "widened", version: 2, before: live, live: { ...live, from: 86_400_000 } },
  ],
])("says %s", (text, change) => {
  expect(changeText(change)).toBe(text);
});
