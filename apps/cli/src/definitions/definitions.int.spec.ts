/** Catalogues and policy packs from their files into force, by two people, and back, on a real nats-server. */
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { verifyPublications, type Finding } from "#audit";
import { wallClock } from "#clock";
import { subjects, type LimitEntry } from "#contracts";
import { FOLDERS, loadCatalogues, loadPolicyPacks } from "#definitions";
import { Publisher } from "#messaging";
import { CATALOGUES, DefinitionsBucket, installDefinitions, POLICY_PACKS, readInForce } from "#registry";
import { startServers, type TestServers } from "#testing";
import type { Command } from "../command.js";
import { proposeCommand } from "../propose/propose.command.js";
import { publishCommand } from "../publish/publish.command.js";
import { rollbackCommand } from "../rollback/rollback.command.js";
import { definitionsCommand } from "./definitions.command.js";

describe("segue propose, publish, rollback, definitions of catalogues and policy packs", () => {
  let servers: TestServers;
  let bucket: DefinitionsBucket;
  let dir: string;
  beforeAll(async () => {
    servers = await startServers();
    bucket = new DefinitionsBucket(servers.nc);
    dir = servers.dir;
    for (const folder of Object.values(FOLDERS).filter((f) => existsSync(f)))
      cpSync(join(process.cwd(), folder), join(dir, folder), { recursive: true });
    await installDefinitions(bucket, wallClock, CATALOGUES, loadCatalogues(dir));
    await installDefinitions(bucket, wallClock, POLICY_PACKS, loadPolicyPacks(dir));
  });
  afterAll(() => servers.stop());

  async function run(
    command: Command,
    ...args: string[]
  ): Promise<{ status: number; out: string; err: string }> {
    let out = "";
    let err = "";
    const take = (add: (text: string) => void) => (chunk: unknown) => {
      add(String(chunk));
      return true;
    };
    const stdout = jest.spyOn(process.stdout, "write").mockImplementation(take((t) => (out += t)));
    const stderr = jest.spyOn(process.stderr, "write").mockImplementation(take((t) => (err += t)));
    try {
      const status = await command.run([...args, "--nats", servers.nats.url]);
      return { status, out, err };
    } finally {
      stdout.mockRestore();
      stderr.mockRestore();
    }
  }
  const among = (): string[] => ["--definitions", dir];
  const anna = ["--as", "anna", "--why", "autumn"];
  const petr = ["--as", "petr", "--why", "looked at it"];

  /** A changed copy of a shipped file, outside of its folder. */
  function changed(file: string, ...changes: [string | RegExp, string][]): string {
    let text = readFileSync(join(dir, file), "utf8");
    for (const [from, to] of changes) {
      const next = text.replace(from, to);
      if (next === text) throw new Error(`${file} has no ${from}`);
      text = next;
    }
    const path = join(dir, `changed-${file.replaceAll("/", "-")}`);
    writeFileSync(path, text);
    return path;
  }
  const versionNow = async (id: string): Promise<number | undefined> =>
    (await readInForce(bucket, CATALOGUES)).at(-1)!.definitions.find((c) => c.id === id)?.version;

  it("brings a catalogue into force by two people, from a time if it is said, and back by one", async () => {
    const before = (await versionNow("offers"))!;
    const next = String(before + 1);
    const file = changed(
      "catalogue/offers.yaml",
      [/^version: .*$/m, `version: ${next}`],
      [/value: \d+/, "value: 999"],
    );
    expect(await run(proposeCommand, file, ...anna, ...among())).toMatchObject({
      status: 0,
      out: expect.stringContaining(`segue publish catalogue/offers --version ${next}`),
    });
    expect((await run(definitionsCommand)).out).toContain(`version ${next} waits for approval`);
    expect(await versionNow("offers")).toBe(before);
    const publish = ["catalogue/offers", "--version", next];
    expect(await run(publishCommand, ...publish, ...anna, ...among())).toMatchObject({
      status: 1,
      err: expect.stringContaining("somebody else must approve it"),
    });
    expect((await run(publishCommand, ...publish, ...petr, ...among(), "--percent", "10")).status).toBe(2);
    const from = ["--from", "2099-01-01T00:00Z"];
    expect((await run(publishCommand, ...publish, ...petr, ...among(), ...from)).status).toBe(0);
    expect((await readInForce(bucket, CATALOGUES)).map((s) => s.from)).toEqual([
      -Infinity,
      Date.UTC(2099, 0, 1),
    ]);
    expect((await run(rollbackCommand, "catalogue/offers", ...anna)).out).toContain("is rolled back");
    expect((await run(publishCommand, ...publish, ...petr, ...among())).status).toBe(0);
    expect(await versionNow("offers")).toBe(before + 1);
    expect((await run(rollbackCommand, "catalogue/offers", ...petr)).status).toBe(0);
    expect(await versionNow("offers")).toBe(before);
    const story = await run(definitionsCommand, "catalogue/offers");
    expect(story).toMatchObject({ status: 0, out: expect.stringContaining("records is whole") });
    expect(story.out).toContain(`petr: rolled version ${next} back to version ${before}`);
  });

  it("refuses a catalogue that journeys could not work with, and one that promotes as a service", async () => {
    const gone = changed(
      "catalogue/offers.yaml",
      [/^version: .*$/m, "version: 9"],
      ["id: savings-account", "id: savings-acount"],
    );
    expect(await run(proposeCommand, gone, ...anna, ...among())).toMatchObject({
      status: 1,
      err: expect.stringMatching(/balance-leaving\.yaml.*"savings-account" is not in the catalogue/),
    });
    const promotes = changed(
      "catalogue/service.yaml",
      [/^version: .*$/m, "version: 9"],
      [/title: .*/, "title: A special offer for you"],
    );
    expect(await run(proposeCommand, promotes, ...anna, ...among())).toMatchObject({
      status: 1,
      err: expect.stringContaining("reads like promotion"),
    });
  });

  it("says how much of quotas and budgets is used", async () => {
    const before = (await readInForce(bucket, CATALOGUES)).at(-1)!.definitions.find((c) => c.id === "care")!;
    const [first, ...others] = before.actions;
    const actions = [{ ...first!, cost: 2.5, quota: { count: 10 }, budget: { amount: 100 } }, ...others];
    const file = join(dir, "care.json");
    writeFileSync(file, JSON.stringify({ ...before, version: 9, actions }));
    expect((await run(proposeCommand, file, ...anna, ...among())).status).toBe(0);
    expect((await run(publishCommand, "catalogue/care", "--version", "9", ...petr, ...among())).status).toBe(
      0,
    );
    const taken = ["c.1", "c.2", "c.3", "c.4"].map((id) => ({ id, at: Date.now(), cost: 2.5 }));
    const entry: LimitEntry = { v: 1, taken, givenBack: ["c.4"] };
    await new Publisher(servers.nc).publish(subjects.limit(first!.id), JSON.stringify(entry), { msgId: "1" });
    const { out } = await run(definitionsCommand, "catalogue/care");
    expect(out).toContain(`${first!.id}: 3 of 10 of its quota used`);
    expect(out).toContain(`${first!.id}: 7.5 of 100 of its budget used`);
    expect(JSON.parse((await run(definitionsCommand, "catalogue/care", "--json")).out)).toMatchObject({
      limits: [{ used: 3 }, { used: 7.5 }],
    });
  });

  it("does the same for policy packs; the chains are whole, and a change of them is found", async () => {
    const file = changed("policies/default.yaml", [/^version: .*$/m, "version: 99"]);
    expect((await run(proposeCommand, file, ...anna, ...among())).status).toBe(0);
    expect((await run(publishCommand, "policy/default", "--version", "99", ...petr, ...among())).status).toBe(
      0,
    );
    expect((await run(definitionsCommand, "policy/unknown")).status).toBe(1);
    expect((await run(definitionsCommand, "default")).status).toBe(2);

    const findings: Finding[] = [];
    const told = await verifyPublications(servers.nc, (f) => findings.push(f), 0);
    expect(findings).toEqual([]);
    expect(told.chains).toBe((await bucket.keys("published.>")).length);

    const [key] = await bucket.keys("policy.default.99.*");
    await bucket.replace(key!, JSON.stringify({ kind: "PolicyPack" }));
    await verifyPublications(servers.nc, (f) => findings.push(f), 0);
    expect(findings).toMatchObject([{ of: "policy/default", kind: "changed" }]);
    await expect(readInForce(bucket, POLICY_PACKS)).rejects.toThrow("policy/default version 99 was changed");
  });

  it("refuses files whose published version was changed, and proposes where people govern", async () => {
    const [offers, cards] = ["offers", "cards"].map((id) => loadCatalogues(dir).find((c) => c.id === id)!);
    await expect(
      installDefinitions(bucket, wallClock, CATALOGUES, [{ ...cards!, description: "changed" }]),
    ).rejects.toThrow(
      "published versions are immutable. Give the changed file in catalogue/ the next version",
    );
    const newer = { ...offers!, version: 50 };
    expect(await installDefinitions(bucket, wallClock, CATALOGUES, [newer])).toEqual([
      { id: "offers", version: 50, as: "proposed" },
    ]);
    expect(await versionNow("offers")).toBe(offers!.version);
  });
});
