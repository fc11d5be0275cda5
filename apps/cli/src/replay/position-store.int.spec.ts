import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filePositionStore, memoryPositionStore, type PositionStore } from "./position-store.js";

const dir = mkdtempSync(join(tmpdir(), "segue-position-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
describe.each<[string, () => PositionStore]>([
  ["memory", memoryPositionStore],
  ["file", () => filePositionStore(join(dir, String(++files), "replay-position.json"))],
])("position store in %s", (_kind, make) => {
  it("has nothing at first, then what was saved last", async () => {
    const store = make();
    expect(await store.load()).toBeUndefined();
    await store.save({ v: 1, events: 1, last: "s:1", time: 5 });
    await store.save({ v: 1, events: 7, last: "s:7", time: 9 });
    expect(await store.load()).toEqual({ v: 1, events: 7, last: "s:7", time: 9 });
  });
});

describe("the position file", () => {
  it("survives the process and leaves nothing beside it", async () => {
    const path = join(dir, "kept", "replay-position.json");
    await filePositionStore(path).save({ v: 1, events: 3, last: "s:3", time: 1 });
    expect(await filePositionStore(path).load()).toMatchObject({ events: 3 });
    expect(readdirSync(join(dir, "kept"))).toEqual(["replay-position.json"]);
  });

  it.each([
    "",
    "{",
    "{}",
    '{"v":1,"events":-1,"last":"x","time":0}',
    '{"v":2,"events":1,"last":"x","time":0}',
  ])("says what to do when it holds %j", async (content) => {
    const path = join(dir, "broken.json");
    writeFileSync(path, content);
    await expect(filePositionStore(path).load()).rejects.toThrow(
      /broken\.json is not the position of a replay: start with --fresh/,
    );
  });
});
