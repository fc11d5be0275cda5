/** `segue` as a person runs it: help, unknown commands, and `segue validate` on files and folders. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FOLDERS } from "#definitions";

const MAIN = join(process.cwd(), "dist/apps/cli/src/main.js");

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function segue(cwd: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, out: stdout, err: stderr };
}

describe("segue", () => {
  it("lists its commands", () => {
    const { status, out } = segue(".", "help");
    expect(status).toBe(0);
    expect(out).toMatch(/^ {2}validate +check journeys/m);
    expect(segue(".", "help", "validate")).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^segue validate \[files or folder\]/) as string,
    });
  });

  it("says which command was probably meant", () => {
    const { status, out, err } = segue(".", "validte");
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^segue: there is no command "validte"; did you mean "validate"\?\n/);
  });

  it("is not run without a command", () => {
    expect(segue(".")).toMatchObject({ status: 2, out: "" });
  });
});

describe("segue validate", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-validate-"));
    for (const folder of Object.values(FOLDERS))
      cpSync(join(process.cwd(), folder), join(dir, folder), { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function broken(name: string, from: string, to: string): string {
    const text = readFileSync(join(dir, name), "utf8");
    expect(text).toContain(from);
    writeFileSync(join(dir, name), text.replace(from, to));
    return name;
  }

  it("finds no error in what ships", () => {
    const { status, out } = segue(dir, "validate");
    expect(out).not.toMatch(/error/);
    expect(status).toBe(0);
  });

  it("names file, line, column, cause and suggestion of an error, one on a line", () => {
    broken("journeys/overdraft-rescue.yaml", "next: handed-over", "next: handed-ovr");
    broken("journeys/overdraft-rescue.yaml", "onTimeout: still-overdrawn", "onTimeout: still-overdrown");
    const { status, out } = segue(dir, "validate", "journeys/overdraft-rescue.yaml");
    expect(status).toBe(1);
    expect(out).toContain(
      'error: steps[1].onTimeout: there is no step "still-overdrown" (did you mean "still-overdrawn"?)\n',
    );
    expect(out).toMatch(/^journeys\/overdraft-rescue\.yaml:\d+:16: error: /m);
  });

  it("speaks JSON", () => {
    broken("journeys/overdraft-rescue.yaml", "event: account.recovered", "event: account.recoverd");
    const { status, out } = segue(dir, "validate", "--json");
    const answer = JSON.parse(out) as {
      ok: boolean;
      files: string[];
      problems: object[];
      warnings: object[];
    };
    expect([status, answer.ok, answer.problems]).toEqual([0, true, []]);
    expect(answer.files).toContain("journeys/overdraft-rescue.yaml");
    expect(answer.warnings).toContainEqual(
      expect.objectContaining({
        file: "journeys/overdraft-rescue.yaml",
        path: "goal.event",
        suggestion: 'did you mean "account.recovered"?',
      }),
    );
  });

  it("checks a draft that lies elsewhere against the definitions that are told", () => {
    mkdirSync(join(dir, "drafts"));
    const draft = join(dir, "drafts", "mine.yaml");
    writeFileSync(
      draft,
      readFileSync(join(dir, "journeys/overdraft-rescue.yaml"), "utf8")
        .replace("id: overdraft-rescue", "id: mine")
        .replace("action: overdraft-explain", "action: overdraft-explein"),
    );
    const { status, out } = segue(process.cwd(), "validate", draft, "--definitions", dir);
    expect(status).toBe(1);
    expect(out).toContain(
      'action "overdraft-explein" is not in the catalogue (did you mean "overdraft-explain"?)',
    );
    // It starts where the shipped one starts, and says the same: the file alone would not show that.
    expect(out).toContain(
      'warning: trigger.event: journey "overdraft-rescue" starts at account.overdrawn too',
    );
    expect(out).toMatch(/^1 error, \d+ warnings? in 1 file$/m);
  });

  it("says what it does not understand", () => {
    expect(segue(dir, "validate", "nowhere.yaml")).toMatchObject({
      status: 2,
      err: "segue validate: nowhere.yaml: there is no such file or folder\n",
    });
    expect(segue(dir, "validate", "--jsn").status).toBe(2);
  });
});
