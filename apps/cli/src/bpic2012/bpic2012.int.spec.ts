import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { replayLoans } from "./bpic2012.command.js";
import { followUpPlots, followUpText } from "./follow-up-report.js";
import { readLoanCases } from "./loan-cases.js";
import { loanEvents } from "./loan-events.js";

const SAMPLE = "data/bpic2012-sample/cases.csv";
const OPTIONS = { definitions: ".", journey: "loan-follow-up" };
const DAY_MS = 86_400_000;

describe("loan cases", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "segue-bpic-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it("are read with their end, and work on one call is one call", async () => {
    const cases = await readLoanCases(SAMPLE);
    expect(cases.map((c) => `${c.id} ${c.end}`)).toEqual([
      "s1 declined",
      "s2 approved",
      "s3 cancelled",
      "s4 approved",
      "s5 approved",
      "s6 cancelled",
    ]);
    const s3 = cases[2]!;
    expect(s3.calls.map((c) => [(c.from - s3.submittedAt) / DAY_MS, c.items])).toEqual([
      [8, 2],
      [12, 1],
    ]);
  });

  it("become events in order, with a registration that says that it is made up", async () => {
    const [, s2] = await readLoanCases(SAMPLE);
    const events = loanEvents(s2!);
    expect(events.map((e) => `${e.source} ${e.type}`)).toEqual([
      "scripted customer.registered",
      "bpic2012 loan.application.submitted",
      "bpic2012 loan.offer.sent",
      "bpic2012 call.made",
      "bpic2012 loan.offer.returned",
      "bpic2012 loan.application.approved",
    ]);
    expect(new Set(events.map((e) => e.subject))).toEqual(new Set(["loan-s2"]));
  });

  it("may be compressed; another file is refused with what is expected", async () => {
    const rows = "case_id,amount_req_eur,reg_date,event_no,activity,lifecycle,resource,timestamp\n";
    const gz = join(dir, "one.csv.gz");
    writeFileSync(gz, gzipSync(`${rows}x,1,,1,A_SUBMITTED,COMPLETE,,2024-01-08T10:00:00Z\n`));
    expect(await readLoanCases(gz)).toMatchObject([{ id: "x", end: "open", offersAt: [] }]);
    const other = join(dir, "other.csv");
    writeFileSync(other, "a;b\n");
    await expect(readLoanCases(other)).rejects.toThrow(/the first line must be case_id,/);
    writeFileSync(other, `${rows}x,1,,1,A_SUBMITTED,COMPLETE,,yesterday\n`);
    await expect(readLoanCases(other)).rejects.toThrow(/other\.csv:2: not a row/);
  });

  it("through the shipped follow-up: reminders on the fifth day, an agent where nobody called, silence after the end", async () => {
    const f = await replayLoans(SAMPLE, OPTIONS);
    expect(f.happened).toMatchObject({
      casesWithOffer: 4,
      casesReturned: 3,
      offerCalls: 2,
      paperCalls: 1,
      ends: { approved: 3, declined: 1, cancelled: 2, open: 0 },
    });
    expect(f.offers).toMatchObject({
      returnedBeforeReminder: 2,
      reminded: 2,
      // s4 was never called: the journey brings in an agent; in s3 the bank's own call took that place.
      neverCalled: 1,
      calledAfterReminder: 1,
      journeyCalls: 1,
      remindedThen: { returned: 1, cancelled: 1 },
    });
    expect(f.wouldHave).toMatchObject({ medianDaysToReminder: 5, afterTheEnd: 0 });
    expect(f.wouldHave.commands).toMatchObject({
      "loan-offer-reminder": { commands: 2, cases: 2 },
      "loan-papers-missing": { commands: 1, cases: 1 },
    });
    expect(f.perCall[0]).toEqual({ n: 1, calls: 1, returned: 0 });
    expect(await replayLoans(SAMPLE, OPTIONS)).toEqual(f);
    const text = followUpText(f, OPTIONS.journey);
    expect(text).toMatch(/reminded +2 \(50\.0 %\), 5 days after the offer/);
    for (const svg of Object.values(followUpPlots(f))) expect(svg).not.toMatch(/NaN|undefined/);
  });

  it("say when the journey is not there", async () => {
    await expect(replayLoans(SAMPLE, { ...OPTIONS, journey: "nobody" })).rejects.toThrow(
      /no journey nobody below \.: balance-leaving, /,
    );
  });
});
