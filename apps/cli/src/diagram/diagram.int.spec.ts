/** `segue new` and `segue diagram` as a person runs them, one after the other. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FOLDERS } from "#definitions";

const MAIN = join(process.cwd(), "dist/apps/cli/src/main.js");

describe("segue new, and segue diagram of it", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-new-"));
    for (const folder of Object.values(FOLDERS).filter((f) => f !== "journeys"))
      cpSync(join(process.cwd(), folder), join(dir, folder), { recursive: true });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function segue(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: dir,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    return { status, out: stdout, err: stderr };
  }

  it("writes a journey that validate takes and diagram draws", () => {
    expect(segue("new", "thank-you", "--purpose", "service")).toMatchObject({
      status: 0,
      out: expect.stringContaining("drafts/thank-you.yaml is written") as string,
    });
    expect(segue("validate", "drafts/thank-you.yaml")).toMatchObject({
      status: 0,
      out: "nothing to complain about in 1 file\n",
    });
    // Once it is released, its name alone will do.
    mkdirSync(join(dir, "journeys"));
    cpSync(join(dir, "drafts/thank-you.yaml"), join(dir, "journeys/thank-you.yaml"));
    const drawn = segue("diagram", "thank-you");
    expect(drawn.status).toBe(0);
    expect(drawn.out).toContain("flowchart TD\n");
    expect(drawn.out).toContain('s_answer -.->|"after 3d"| s_no_answer\n');
    expect(segue("diagram", "drafts/thank-you.yaml", "--svg", "t.svg")).toMatchObject({
      status: 0,
      out: "thank-you version 1 is drawn in t.svg\n",
    });
    expect(readFileSync(join(dir, "t.svg"), "utf8")).toMatch(/^<svg /);
  });

  it("overwrites nothing", () => {
    const before = readFileSync(join(dir, "drafts/thank-you.yaml"), "utf8");
    expect(segue("new", "thank-you")).toMatchObject({
      status: 1,
      err: "segue new: drafts/thank-you.yaml exists already; nothing was written\n",
    });
    expect(readFileSync(join(dir, "drafts/thank-you.yaml"), "utf8")).toBe(before);
  });

  it("says what is wrong with a name or a purpose", () => {
    expect(segue("new", "Thank You")).toMatchObject({
      status: 2,
      err: expect.stringContaining('"Thank You" is no journey id') as string,
    });
    expect(segue("new", "x", "--purpose", "fun")).toMatchObject({
      status: 2,
      err: expect.stringContaining('"fun" is no purpose') as string,
    });
  });

  it("draws nothing that has errors, and says where they are", () => {
    const text = readFileSync(join(dir, "drafts/thank-you.yaml"), "utf8").replace(
      "next: answer",
      "next: answr",
    );
    writeFileSync(join(dir, "broken.yaml"), text);
    const { status, out, err } = segue("diagram", "broken.yaml");
    expect([status, out]).toEqual([1, ""]);
    expect(err).toMatch(
      /^broken\.yaml:\d+:\d+: error: steps\[0\]\.next: there is no step "answr" \(did you mean "answer"\?\)\n/,
    );
    expect(segue("diagram", "thank-yuo")).toMatchObject({
      status: 2,
      err: expect.stringContaining('did you mean "thank-you"?') as string,
    });
  });
});
