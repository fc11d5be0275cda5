/** `segue audit`, `explain`, `replay` and `tail` as processes: exit status, JSON, and an audit far larger than the memory. */
import { jest } from "@jest/globals";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { seal } from "#audit";
import { subjects, type AuditRecord, type Context } from "#contracts";
import { emptyContext } from "#domain";
import { Publisher } from "#messaging";
import { startServers, type TestServers } from "#testing";
import type { Command } from "../command.js";
import { experimentsCommand } from "../experiments/experiments.command.js";
import { explainCommand } from "../explain/explain.command.js";
import { kpiCommand } from "../kpi/kpi.command.js";
import { replayCommand } from "../recompute/replay.command.js";
import { tailCommand } from "../tail/tail.command.js";
import { auditCommand } from "./audit.command.js";

const CUSTOMERS = 40;
const MESSAGES = 60;
const RECORDS = 16;
/** Of each record's text. */
const BYTES = 1_500;
/** The audit is some 60 MB; the command itself needs 25. */
const HEAP_MB = 48;

describe("the commands over the audit", () => {
  let servers: TestServers;
  let publisher: Publisher;
  beforeAll(async () => {
    servers = await startServers();
    publisher = new Publisher(servers.nc);
  }, 30_000);
  afterAll(() => servers.stop());

  function segue(args: string[], node: string[] = []): Promise<{ status: number; out: string; err: string }> {
    const main = join(process.cwd(), "dist", "apps", "cli", "src", "main.js");
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [...node, main, ...args, "--nats", servers.nats.url],
        { maxBuffer: 1e8 },
        (error, out, err) => resolve({ status: error ? Number(error.code) : 0, out, err }),
      );
    });
  }

  const filler = "x".repeat(BYTES);
  let published = 0;
  async function fill(customerId: string, messages: number, perMessage: number): Promise<void> {
    let context: Context = emptyContext(customerId);
    for (let m = 0; m < messages; m++) {
      const records: AuditRecord[] = [];
      for (let i = 0; i < perMessage; i++) {
        const seq = ++published;
        const event = { id: `e${seq}`, source: "core", type: "t", customerId, time: seq, data: {}, seq };
        const sealed = seal({ ...context, now: seq }, event, [
          { kind: "expression-failed", where: "w", error: filler },
        ]);
        records.push(sealed.record);
        context = sealed.context;
      }
      await publisher.publish(subjects.audit(customerId, "step"), JSON.stringify({ records }), {
        msgId: `${customerId}.a${records[0]!.n}`,
      });
    }
    await publisher.publish(subjects.ctx(customerId), JSON.stringify(context), { msgId: customerId });
  }

  it("verify an audit that does not fit into memory, as it streams", async () => {
    await Promise.all(Array.from({ length: CUSTOMERS }, (_, i) => fill(`c${i}`, MESSAGES, RECORDS)));
    const { status, out, err } = await segue(
      ["audit", "verify", "--json"],
      [`--max-old-space-size=${HEAP_MB}`],
    );
    expect(err).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      whole: true,
      customers: { customers: CUSTOMERS, records: CUSTOMERS * MESSAGES * RECORDS },
      publications: { chains: 0 },
      findings: [],
    });
  }, 120_000);

  it("kpi counts it in the same memory", async () => {
    const { status, out } = await segue(["kpi", "--json"], [`--max-old-space-size=${HEAP_MB}`]);
    expect(status).toBe(0);
    const latest = new Date(CUSTOMERS * MESSAGES * RECORDS).toISOString();
    expect(JSON.parse(out)).toMatchObject({ latest, all: { contacts: 0 } });
  }, 120_000);

  it("verify ends with 1 and says what it found", async () => {
    await servers.nc.request(
      "$JS.API.STREAM.PURGE.AUDIT",
      JSON.stringify({ filter: subjects.audit("c7", "step"), keep: MESSAGES - 1 }),
    );
    const one = await segue(["audit", "verify", "--customer", "c7"]);
    expect(one.status).toBe(1);
    expect(one.out).toMatch(/^gap\s+c7 {2}records 1 to 16 are missing before this message/);
    expect(one.out).toMatch(/1 findings/);
  });

  it("export streams lines of JSON", async () => {
    const { status, out } = await segue(["audit", "export", "--customer", "c3"]);
    const lines = out.trim().split("\n");
    expect(status).toBe(0);
    expect(lines.length).toBe(MESSAGES * RECORDS);
    expect(JSON.parse(lines[0]!)).toMatchObject({ type: "record", record: { customerId: "c3", n: 1 } });
  });

  /** In this process: the exit status, and what was said. */
  async function told(
    command: Command,
    args: string[],
  ): Promise<{ status: number; out: string; err: string }> {
    const said = { out: "", err: "" };
    const spies = [
      jest.spyOn(process.stdout, "write").mockImplementation((text) => ((said.out += String(text)), true)),
      jest.spyOn(process.stderr, "write").mockImplementation((text) => ((said.err += String(text)), true)),
    ];
    const status = await command.run(args);
    for (const spy of spies) spy.mockRestore();
    return { status, ...said };
  }

  it.each<[string[], Command, number, RegExp]>([
    [[], auditCommand, 2, /say verify or export/],
    [["verify", "--since", "2026-01-01"], auditCommand, 2, /leave --since out/],
    [["verify", "--customer", "nobody"], auditCommand, 1, /nothing is on record of customer nobody/],
    [["export", "--since", "soon"], auditCommand, 2, /use a time such as/],
    [[], replayCommand, 2, /say either --decision <id> or --customer <id>/],
    [["--decision", "x"], replayCommand, 2, /<customer>\.<event count>\.<index>/],
    [["--decision", "nobody.1.0"], replayCommand, 1, /there is no record of decision nobody\.1\.0/],
    [["--customer", "nobody"], replayCommand, 1, /there is no context of customer nobody/],
    [["--decision", "nobody.1.0"], explainCommand, 1, /there is no record of decision/],
    [["--last", "x"], tailCommand, 2, /use a whole number/],
    [["--by", "weather"], kpiCommand, 2, /use journey, action, channel or segment/],
    [["--since", "soon"], kpiCommand, 2, /use a time such as/],
    [["--serve", "x"], kpiCommand, 2, /use a whole number/],
    [["--fairness", "--definitions", "apps/cli"], kpiCommand, 2, /declares no monitor/],
    [[], experimentsCommand, 2, /segue experiments report/],
  ])("%j ends with its status and says why", async (args, command, status, why) => {
    const { err, status: ended } = await told(command, [...args, "--nats", servers.nats.url]);
    expect(err).toMatch(why);
    expect(ended).toBe(status);
  });

  it.each([auditCommand, replayCommand, explainCommand, tailCommand, kpiCommand, experimentsCommand])(
    "--help",
    async (command) => {
      expect(await told(command, ["--help"])).toEqual({ status: 0, out: command.help, err: "" });
    },
  );
});
