/** `segue consent` and `segue hold` on a real nats-server. */
import { jest } from "@jest/globals";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { subjects, type CustomerHolds } from "#contracts";
import { Publisher } from "#messaging";
import { startServers, type TestServers } from "#testing";
import { holdCommand } from "../hold/hold.command.js";
import { consentCommand } from "./consent.command.js";

const AT = "2026-01-01T00:00:00.000Z";
const GRANT = "marketing,sms,,true";

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

describe("segue consent", () => {
  const all: TestServers[] = [];
  let servers: TestServers;
  async function installation(): Promise<TestServers> {
    all.push(await startServers());
    return all.at(-1)!;
  }
  beforeAll(async () => {
    servers = await installation();
  }, 30_000);
  afterAll(() => Promise.all(all.map((s) => s.stop())));

  /** As the process would be run, but within this one. */
  async function segue([name, ...args]: string[], on = servers): Promise<Ran> {
    const taken = { out: "", err: "" };
    const take = (into: "out" | "err") => (text: string | Uint8Array) => {
      taken[into] += String(text);
      return true;
    };
    const spies = [
      jest.spyOn(process.stdout, "write").mockImplementation(take("out")),
      jest.spyOn(process.stderr, "write").mockImplementation(take("err")),
    ];
    try {
      const command = name === "hold" ? holdCommand : consentCommand;
      return { status: await command.run([...args, "--nats", on.nats.url]), ...taken };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }
  let published = 0;
  const event = (customer: string, type: string, data: object): Promise<unknown> => {
    const id = `e${++published}`;
    const body = { specversion: "1.0", id, source: "core", type, subject: customer, data };
    const subject = subjects.bank("core", customer, type);
    return new Publisher(servers.nc).publish(subject, JSON.stringify(body), { msgId: id });
  };
  const fileOf = async (name: string, text: string): Promise<string> => {
    const path = join(servers.dir, name);
    await writeFile(path, text);
    return path;
  };
  const HEADER = "customerId,purpose,channel,address,granted,obtainedAt,expiresAt,evidence,source,id";

  it("export and import are the same in another installation, also the export of that", async () => {
    const consent = (customer: string, data: object): Promise<unknown> =>
      event(customer, "consent.changed", { purpose: "marketing", channel: "sms", granted: true, ...data });
    await consent("c2", {
      evidence: 'a "form",\nsigned',
      source: "branch",
      obtainedAt: "2025-05-05T05:05:05+02:00",
    });
    await consent("c1", { channel: "*" });
    await consent("c1", { channel: "email", granted: false });
    await consent("c1", { expiresAt: "2026-01-02T00:00:00Z" });
    await event("c1", "message.received", { channel: "sms", text: "STOP", address: "phone-1" });
    await consent("c3", { granted: false, obtainedAt: "2024-01-01T00:00:00Z" });
    await consent("c3", { address: "phone-3", obtainedAt: "2025-01-01T00:00:00Z" });
    const first = await segue(["consent", "export"]);
    expect(first.status).toBe(0);
    expect(first.out.split("\n")[0]).toBe(HEADER);

    for (const format of ["csv", "ndjson"]) {
      const other = await installation();
      const text = (await segue(["consent", "export", "--format", format])).out;
      const file = await fileOf(`export.${format}`, text);
      const told = await segue(["consent", "import", file], other);
      expect([told.status, told.err]).toEqual([0, ""]);
      expect((await segue(["consent", "export", "--format", format], other)).out).toBe(text);
      const again = await segue(["consent", "import", file, "--json"], other);
      expect(JSON.parse(again.out)).toMatchObject({ told: 0, rejected: 0 });
      expect((await segue(["consent", "export", "--format", format], other)).out).toBe(text);
    }
    const one = await segue(["consent", "export", "--customer", "c3"]);
    expect(
      one.out
        .split("\n")
        .filter((l) => l !== "")
        .map((l) => l.split(",")[0]),
    ).toEqual(["customerId", "c3", "c3"]);
  }, 60_000);

  it("takes the good rows, names the bad ones with their line, and loses none", async () => {
    const bad = ["b1,marketing,fax,,true,,,,,", "b2,marketing,sms,+420777,true,,,,,", `b3,${GRANT},,,,,`];
    const good = [`g1,${GRANT},${AT},,,,1`, `g2,${GRANT},${AT},,form,branch,`];
    const lines = [HEADER, good[0], bad[0], bad[1], good[1], bad[2], good[1], `g1,${GRANT},${AT},,other,,1`];
    const file = await fileOf("mixed.csv", lines.join("\n"));
    const ran = await segue(["consent", "import", file]);
    expect(ran.status).toBe(1);
    expect(ran.out).toBe(`7 rows: 2 told, 1 there already, 4 rejected (in ${file}.rejected)\n`);
    expect(
      ran.err
        .split("\n")
        .filter((l) => l !== "")
        .map((l) => l.slice(file.length).split(" ")[0]),
    ).toEqual([":3:", ":4:", ":6:", ":8:"]);
    expect((await readFile(`${file}.rejected`, "utf8")).trimEnd().split("\n")).toEqual([
      HEADER,
      ...bad,
      lines[7],
    ]);
    expect(ran.err).not.toContain("420777");

    // The rest of one that was broken off, and what was rejected and is there from before is not written over.
    const more = await fileOf("mixed.csv", [...lines.slice(0, 2), `g3,${GRANT},${AT},,,,`].join("\n"));
    expect(JSON.parse((await segue(["consent", "import", more, "--json"])).out)).toEqual({
      rows: 2,
      told: 1,
      already: 1,
      rejected: 0,
    });
    const kept = await segue(["consent", "import", await fileOf("mixed.csv", lines.join("\n"))]);
    expect(kept.err).toContain(`${file}.rejected cannot be made`);
  });

  it("takes no grant from before a refusal, and says so", async () => {
    await event("r1", "consent.changed", { purpose: "marketing", channel: "sms", granted: false });
    const file = await fileOf(
      "old.ndjson",
      `${JSON.stringify({ customerId: "r1", purpose: "marketing", channel: "sms", granted: true, obtainedAt: AT })}\n`,
    );
    const ran = await segue(["consent", "import", file, "--dry-run"]);
    expect([ran.status, ran.out]).toEqual([1, "1 rows: 0 to be told, 0 there already, 1 rejected\n"]);
    expect(ran.err).toContain("a refusal on record may be younger");
  });

  it.each([
    [["consent"], "say import <file> or export"],
    [["consent", "import", "rows.txt"], "the name ends in .csv, .ndjson or .jsonl"],
    [["consent", "export", "--format", "xml"], "use csv or ndjson"],
    [["hold", "list"], "--customer <id> is missing"],
    [
      ["hold", "place", "boredom", "--customer", "c1", "--as", "anna", "--why", "x"],
      "a hold is one of fraud",
    ],
    [["hold", "release", "fraud", "--customer", "c1", "--why", "x"], "--as <name>"],
    [
      ["hold", "place", "fraud", "--customer", "c1", "--as", "anna", "--why", "x", "--until", "soon"],
      "a time with a zone",
    ],
    [
      "hold place fraud --customer c1 --as anna --why x --until 2001-01-01T00:00:00Z".split(" "),
      "that is over already",
    ],
  ])("%j is not understood", async (args, why) => {
    const ran = await segue(args);
    expect(ran.status).toBe(2);
    expect(ran.err).toContain(why);
  });

  it("a file that is not there is said to be missing", async () => {
    const ran = await segue(["consent", "import", "nowhere.csv"]);
    expect(ran.status).toBe(1);
    expect(ran.err).toContain("nowhere.csv");
  });

  it("segue hold places, lists and releases", async () => {
    const who = ["--customer", "h1", "--as", "anna", "--why", "letter of 3 May"];
    expect(
      (await segue(["hold", "place", "moratorium", ...who, "--until", "2099-01-01T00:00:00Z"])).status,
    ).toBe(0);
    expect((await segue(["hold", "place", "fraud", ...who])).out).toBe("✓ the fraud hold is placed\n");
    expect((await segue(["hold", "release", "fraud", ...who])).out).toBe("✓ the fraud hold is released\n");
    expect((await segue(["hold", "release", "fraud", ...who])).out).toContain(
      "h1 has no fraud hold that stands",
    );
    const shown = JSON.parse(
      (await segue(["hold", "list", "--customer", "h1", "--json"])).out,
    ) as CustomerHolds;
    expect(shown.holds).toMatchObject([
      {
        kind: "moratorium",
        state: "holds",
        until: Date.parse("2099-01-01"),
        by: "anna",
        reason: "letter of 3 May",
      },
    ]);
    expect(shown.history.map((h) => [h.kind, h.placed, h.by])).toEqual([
      ["moratorium", true, "anna"],
      ["fraud", true, "anna"],
      ["fraud", false, "anna"],
      ["fraud", false, "anna"],
    ]);
    expect((await segue(["hold", "list", "--customer", "h1"])).out).toContain(
      "until 2099-01-01T00:00:00.000Z by anna: letter of 3 May",
    );
  });
});
