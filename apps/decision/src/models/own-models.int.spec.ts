/** Models of the bank's own: their answers count within the deadline; what is late, missing or broken costs them their say, never the decision. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  actionV1,
  modelV1,
  type ActionDefinition,
  type DecisionRequest,
  type ModelDefinition,
  type ModelSource,
} from "#contracts";
import { createExpressions } from "#definitions";
import type { Catalogue, OwnAnswer } from "#domain";
import { createLogger } from "#telemetry";
import { CandidateModels } from "./candidate-models.js";
import { GuardedModel } from "./guarded-model.js";
import { OnnxModelAdapter, type OnnxRuntime } from "./onnx-model.adapter.js";
import { openOwnModels } from "./own-models.js";
import { OwnModel, type OwnPropensities } from "./own-model.port.js";

const log = createLogger({ service: "test", level: "silent" });
const expressions = createExpressions();

const action = (id: string): ActionDefinition =>
  actionV1.parse({
    id,
    description: id,
    purpose: "marketing",
    value: 1,
    model: "own",
    prior: { propensity: 0.1 },
    treatments: [{ channel: "push", title: "t", body: "b" }],
  });
const catalogue: Catalogue = { actions: new Map(["a", "b"].map((id) => [id, action(id)])), versions: [] };
const request: DecisionRequest = {
  decisionId: "c.1.0",
  customerId: "c",
  at: 1,
  moment: { id: "e", source: "s", type: "t", time: 1, data: { amountMinor: 7 } },
  context: { now: 1, attributes: { vip: true }, signals: {}, contacts: [] },
  profile: { seq: 1, consents: {}, holds: [] },
  journey: { id: "j", version: 1, instance: "j-1", step: "s" },
  candidates: ["a", "b"],
};

const definition = (source: object): ModelDefinition =>
  modelV1.parse({
    kind: "Model",
    id: "own",
    version: 3,
    description: "d",
    success: ["converted"],
    horizon: "1d",
    features: {
      amount: { kind: "number", of: "event.data.amountMinor" },
      vip: { kind: "flag", of: "context.attributes.vip" },
      gone: { kind: "number", of: "event.data.gone" },
    },
    source,
  });

async function modelsOf(model: ModelDefinition): Promise<CandidateModels> {
  const live = new Map([["own", { definition: model, arm: () => undefined }]]);
  return new CandidateModels(live, await openOwnModels([model], ".", log), expressions);
}

describe("a model behind HTTP", () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse, body: unknown) => void;
  let asked: unknown[] = [];
  beforeAll(async () => {
    server = createServer((incoming, response) => {
      let text = "";
      incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
      incoming.on("end", () => {
        asked.push(JSON.parse(text));
        answer(response, JSON.parse(text));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    // The first request of a process takes longer than a deadline where the machine is busy.
    answer = (response) => response.end("{}");
    await fetch(url, { method: "POST", body: "{}" }).then((response) => response.text());
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => (asked = []));

  const models = (): Promise<CandidateModels> =>
    modelsOf(definition({ kind: "http", url, deadline: "200ms" }));

  it("is told the declared features and nothing else, and taken at its word", async () => {
    answer = (response) => response.end(JSON.stringify({ version: 12, propensities: { a: 0.4, b: 0.05 } }));
    const told = await (await models()).of(request, catalogue);
    expect(asked).toEqual([
      {
        model: "own",
        version: 3,
        features: { amount: 7, vip: true },
        candidates: [
          { action: "a", channel: "push" },
          { action: "b", channel: "push" },
        ],
      },
    ]);
    expect(Object.fromEntries(told!)).toEqual({
      a: { model: "own@3", version: 12, p: 0.4, drawn: 0.4 },
      b: { model: "own@3", version: 12, p: 0.05, drawn: 0.05 },
    });
  });

  it.each([
    ["says nothing in time", (): void => undefined, "too_late"],
    ["fails", (r: ServerResponse): void => void r.writeHead(500).end(), "unavailable"],
    ["answers no JSON", (r: ServerResponse): void => void r.end("<html>"), "model_broken"],
    [
      "answers no probability",
      (r: ServerResponse): void => void r.end('{"propensities":{"a":7}}'),
      "model_broken",
    ],
  ])("that %s falls back to the prior, with the reason", async (_, answered, fallback) => {
    answer = answered;
    const from = performance.now();
    const told = await (await models()).of(request, catalogue);
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(told!.get("a")).toEqual({ model: "own@3", version: 0, p: 0.1, drawn: 0.1, fallback });
  });

  it("that is not there falls back to the prior", async () => {
    const away = await modelsOf(definition({ kind: "http", url: "http://127.0.0.1:1/" }));
    expect((await away.of(request, catalogue))!.get("a")!.fallback).toBe("unavailable");
  });
});

describe("a model that fails again and again", () => {
  class Failing extends OwnModel {
    calls = 0;
    fails = true;
    override ask(): Promise<OwnPropensities> {
      this.calls++;
      return this.fails
        ? Promise.reject(new Error("down"))
        : Promise.resolve({ version: 1, p: new Map([["a", 0.3]]) });
    }
  }

  it("is not asked for a while, then tried once", async () => {
    const model = new Failing();
    let now = 0;
    const pauses: string[] = [];
    const guarded = new GuardedModel(
      model,
      50,
      (e) => pauses.push(e.message),
      () => now,
    );
    const ask = async (): Promise<string> => {
      const answer: OwnAnswer = await guarded.ask({}, []);
      return answer.kind === "none" ? answer.reason : answer.kind;
    };
    for (let i = 0; i < 5; i++) expect(await ask()).toBe("unavailable");
    expect(await ask()).toBe("not_asked");
    expect([model.calls, pauses]).toEqual([5, ["down"]]);
    now = 10_000;
    expect(await ask()).toBe("unavailable");
    expect(await ask()).toBe("not_asked");
    now = 20_000;
    model.fails = false;
    expect(await ask()).toBe("answered");
    model.fails = true;
    expect(await ask()).toBe("unavailable");
    expect(await ask()).toBe("unavailable");
  });
});

describe("a model as ONNX", () => {
  const source: Extract<ModelSource, { kind: "onnx" }> = {
    kind: "onnx",
    file: "offers.onnx",
    inputs: ["amount", "vip", "gone"],
    actions: ["b", "a"],
    deadline: "50ms",
  };

  /** Speaks the interface of `onnxruntime-node`: answers with what it is told, remembers what it was asked. */
  function runtimeOf(data: ArrayLike<unknown>, dims: number[], seen: unknown[] = []): OnnxRuntime {
    return {
      InferenceSession: {
        create: (file) => {
          seen.push(file);
          return Promise.resolve({
            inputNames: ["X"],
            outputNames: ["label", "probabilities"],
            run: (feeds) => {
              seen.push(feeds);
              return Promise.resolve({ probabilities: { data, dims } });
            },
          });
        },
      },
      Tensor: class {
        constructor(
          readonly type: "float32",
          readonly data: Float32Array,
          readonly dims: readonly number[],
        ) {}
      },
    };
  }

  async function answers(runtime: OnnxRuntime): Promise<OwnAnswer> {
    const model = await OnnxModelAdapter.open(source, "/models/offers.onnx", () => Promise.resolve(runtime));
    const asked = ["a", "b"].map((id) => ({
      action: catalogue.actions.get(id)!,
      model: "own",
      prior: { propensity: 0.1, strength: 20 },
      channel: "push" as const,
    }));
    return new GuardedModel(model, 50, () => undefined).ask({ amount: 7, vip: true }, asked);
  }

  it("gets one row of features, what is missing as NaN, and says a propensity per action", async () => {
    const seen: unknown[] = [];
    const answer = await answers(runtimeOf(Float32Array.of(0.25, 0.5), [1, 2], seen));
    expect(answer).toEqual({
      kind: "answered",
      version: 0,
      p: new Map([
        ["a", 0.5],
        ["b", 0.25],
      ]),
    });
    expect(seen).toMatchObject([
      "/models/offers.onnx",
      { X: { type: "float32", data: Float32Array.of(7, 1, Number.NaN), dims: [1, 3] } },
    ]);
  });

  it("is broken when its output has another shape", async () =>
    expect(await answers(runtimeOf(Float32Array.of(0.5), [1, 1]))).toEqual({
      kind: "none",
      reason: "model_broken",
    }));

  it("that cannot be opened leaves its actions to their priors", async () => {
    const told = await (
      await modelsOf(definition({ ...source, file: "nowhere.onnx" }))
    ).of(request, catalogue);
    expect(told!.get("a")).toEqual({
      model: "own@3",
      version: 0,
      p: 0.1,
      drawn: 0.1,
      fallback: "unavailable",
    });
  });
});
