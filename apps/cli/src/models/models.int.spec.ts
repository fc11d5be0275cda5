/** `segue models` as people and programs read it. */
import { jest } from "@jest/globals";
import { createExpressions, loadModels } from "#definitions";
import { emptyArm, taughtBy, type Arm, type LearnedOrder } from "#domain";
import { ModelStore, positionAtStart } from "#learning";
import { startServers, type TestServers } from "#testing";
import { modelsCommand } from "./models.command.js";

const model = loadModels(process.cwd()).find((m) => m.id === "offer-response")!;

/** Of those with much on the account every other one says yes, of the rest one in ten: perfect knowledge has an AUC of 0.74. */
function anArm(): Arm {
  const orders = Array.from({ length: 400 }, (_, i): LearnedOrder => {
    const rich = i % 2 === 0;
    const label = (rich ? i % 4 === 0 : i % 20 === 1) ? 1 : 0;
    const features = { balance: rich ? 900_000 : 1_000, trigger: "transfer.sent" };
    return { seq: i + 1, action: "savings-account", channel: "push", label, at: i, features };
  });
  const empty = emptyArm(model, "savings-account", "push", { propensity: 0.04, strength: 20 });
  return taughtBy(orders, () => empty)[0]!.after;
}

describe("segue models", () => {
  let servers: TestServers;
  beforeAll(async () => {
    servers = await startServers();
    const store = await ModelStore.read(servers.nc, model);
    await store.putArm(anArm());
    await store.putPosition({ ...positionAtStart(model.id), settled: 400, learned: 400, unseen: 12 });
  }, 30_000);
  afterAll(() => servers.stop());

  async function segue(...args: string[]): Promise<{ status: number; out: string; err: string }> {
    const texts = { out: "", err: "" };
    const out = jest.spyOn(process.stdout, "write").mockImplementation((text) => {
      texts.out += String(text);
      return true;
    });
    const err = jest.spyOn(process.stderr, "write").mockImplementation((text) => {
      texts.err += String(text);
      return true;
    });
    try {
      const status = await modelsCommand.run([...args, "--nats", servers.nats.url]);
      return { status, ...texts };
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  }

  it("lists every model, also one that knows nothing yet", async () => {
    const { status, out } = await segue();
    expect(status).toBe(0);
    expect(out).toMatch(/offer-response@1 +400 +\d+ +\d+\.\d % +0\.\d{3} +0\.\d{3} \(0\.\d{3}\)/);
    expect(out).toMatch(/moment-response@1 +0 +0/);
  });

  it("shows a model's arms: what was foretold, what matters most", async () => {
    const { out } = await segue("show", "offer-response");
    expect(out).toContain("400 orders learned of, 12 not known to have been seen");
    expect(out).toMatch(/savings-account on push/);
    expect(out).toMatch(/foretold → came: \d+\.\d % → \d+\.\d %/);
    expect(out).toMatch(/matters most: .*balance \+0\.\d/);
    const json = JSON.parse((await segue("show", "offer-response", "--json")).out) as {
      arms: { learned: number; digest: string; performance: { auc: number } }[];
    };
    expect(json.arms).toMatchObject([{ learned: 400 }]);
    expect(json.arms[0]!.performance.auc).toBeGreaterThan(0.55);
  });

  it("says that what is stored does not follow from an audit that tells nothing of it", async () => {
    const { status, out } = await segue("replay", "offer-response");
    expect(status).toBe(1);
    expect(out).toMatch(/different.*computed nothing/);
    expect(await segue("replay", "moment-response")).toMatchObject({ status: 0 });
  });

  it("says what it did not understand", async () => {
    expect(await segue("show")).toMatchObject({ status: 2 });
    const { status, err } = await segue("show", "offer-respons");
    expect(status).toBe(2);
    expect(err).toMatch(/offer-response/);
  });
});

it("uses expressions that compute", () => {
  const expressions = createExpressions();
  const request = {
    event: { id: "e", source: "s", type: "t", time: 1, data: { amountMinor: 5 } },
    context: {
      now: 1e12,
      attributes: { balanceMinor: 7 },
      signals: { "payment.sent": { n: 2, last: 1 } },
      windows: {},
      contacts: [{ action: "a", channel: "push", purpose: "marketing", at: 1e12 - 5 }],
    },
  };
  for (const { features } of loadModels(process.cwd()))
    for (const { kind, of } of Object.values(features))
      expect(() =>
        kind === "flag"
          ? expressions.condition(of, request)
          : kind === "number"
            ? expressions.scalar(of, request)
            : expressions.value(of, request),
      ).not.toThrow();
});
