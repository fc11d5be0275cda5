/** The commands that change what is live, on a real nats-server. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jest } from "@jest/globals";
import { startServers, type TestServers } from "#testing";
import type { Command } from "../command.js";
import { journeysCommand } from "../journeys/journeys.command.js";
import { migrateCommand } from "../migrate/migrate.command.js";
import { pauseCommand } from "../pause/pause.command.js";
import { proposeCommand } from "../propose/propose.command.js";
import { publishCommand } from "../publish/publish.command.js";
import { resumeCommand } from "../resume/resume.command.js";
import { rollbackCommand } from "../rollback/rollback.command.js";
import { stopCommand } from "../stop/stop.command.js";

const journey = (version: number, event = "account.overdrawn"): string => `
kind: Journey
id: rescue
version: ${version}
description: waits
purpose: service
trigger: { event: ${event} }
entry: { rule: once }
steps:
  - { id: pause, type: wait, atMost: ${version}d, next: end }
  - { id: end, type: exit, reason: done }
`;

describe("segue propose, publish, rollback, pause, resume, stop, migrate, journeys", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
    for (const n of [1, 2]) writeFileSync(join(servers.dir, `v${n}.yaml`), journey(n));
    writeFileSync(join(servers.dir, "bad.yaml"), journey(3).replace("type: wait", "type: wiat"));
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
  const anna = ["--as", "anna", "--why", "more rescue"];
  const petr = ["--as", "petr", "--why", "looked at it"];
  const file = (name: string): string => join(servers.dir, name);

  it("takes a journey from its file to live, by two people, and back", async () => {
    expect(await run(proposeCommand, file("bad.yaml"), ...anna)).toMatchObject({
      status: 1,
      err: expect.stringMatching(/bad\.yaml:\d+:\d+.*wiat|bad\.yaml:\d+:\d+/),
    });
    expect((await run(proposeCommand, file("v1.yaml"), ...anna)).status).toBe(0);
    const alone = await run(publishCommand, "rescue", "--version", "1", ...anna, "--no-gate");
    expect(alone).toMatchObject({ status: 1, err: expect.stringContaining("somebody else must approve it") });
    // Nothing was recorded here, so that a version looks harmless whatever it does: the gate does not have it.
    const unseen = await run(publishCommand, "rescue", "--version", "1", ...petr);
    expect(unseen).toMatchObject({
      status: 1,
      err: expect.stringContaining("minEvents: events simulated: 0"),
    });
    expect((await run(publishCommand, "rescue", "--version", "1", ...petr, "--no-gate")).out).toContain(
      "rescue: version 1 for 100 %",
    );
    await run(proposeCommand, file("v2.yaml"), ...anna);
    expect((await run(journeysCommand)).out).toContain("version 2 waits for approval");
    const ten = await run(
      publishCommand,
      "rescue",
      "--version",
      "2",
      "--percent",
      "10",
      ...petr,
      "--no-gate",
    );
    expect(ten.out).toContain("version 2 for 10 %, version 1 for 90 %");
    const later = ["--version", "2", "--percent", "50", "--from", "2050-01-01T08:00"];
    expect((await run(publishCommand, "rescue", ...later, ...petr)).status).toBe(2);
    const map = ["--from-version", "1", "--to-version", "2"];
    expect((await run(migrateCommand, "rescue", ...map, "--step", "pause=end", ...petr)).status).toBe(1);
    expect((await run(migrateCommand, "rescue", ...map, "--step", "pause=pause", ...petr)).status).toBe(0);
    const back = await run(rollbackCommand, "rescue", ...petr);
    expect(back.out).toContain("rescue version 2 is rolled back. Live: version 1 for 100 %");
    expect((await run(rollbackCommand, "rescue", ...petr)).status).toBe(1);
  });

  it("pauses and stops, and says so", async () => {
    await run(pauseCommand, "rescue", ...petr);
    expect((await run(journeysCommand)).out).toContain("paused (version 1 for 100 %)");
    await run(stopCommand, "rescue", ...petr);
    await run(stopCommand, "--channel", "sms", ...petr);
    const listed = await run(journeysCommand);
    expect(listed.out).toContain("sends stopped: channel sms");
    expect(listed.out).toContain("sends stopped: journey rescue");
    await run(resumeCommand, "rescue", ...petr);
    await run(resumeCommand, "--channel", "sms", ...petr);
    expect((await run(journeysCommand)).out).not.toContain("stopped");
    expect((await run(stopCommand, "--all", "rescue", ...petr)).status).toBe(2);
    expect((await run(stopCommand, "--channel", "fax", ...petr)).err).toContain("there is no channel");
  });

  it("tells a journey's story, with a chain that is whole", async () => {
    const { out, status } = await run(journeysCommand, "rescue", "--json");
    expect(status).toBe(0);
    const story = JSON.parse(out) as { history: { by: string; why: string }[]; chain: string[] };
    expect(story.chain).toEqual([]);
    expect(story.history[0]).toMatchObject({ by: "anna", why: "more rescue" });
    expect((await run(journeysCommand, "rescue")).out).toContain("petr: rolled version 2 back to version 1");
  });

  it("answers in JSON, and asks for who and why", async () => {
    const refused = await run(publishCommand, "rescue", "--version", "9", ...petr, "--json");
    expect(JSON.parse(refused.out)).toMatchObject({ status: "refused", code: "unknown_version" });
    expect(await run(pauseCommand, "rescue", "--as", "petr")).toMatchObject({
      status: 2,
      err: expect.stringContaining("--why <text> is missing"),
    });
    const help = await run(stopCommand, "--help");
    expect(help).toMatchObject({ status: 0, out: expect.stringContaining("segue stop --all") });
  });
});
