import type { ModelSource } from "#contracts";
import type { Asked, Features } from "#domain";
import { UnusableAnswer } from "./guarded-model.js";
import { OwnModel, type OwnPropensities } from "./own-model.port.js";

type OnnxSource = Extract<ModelSource, { kind: "onnx" }>;

/** The part of `onnxruntime-node` that is used. It is installed only where there are such models. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(file: string): Promise<OnnxSession> };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => unknown;
}
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Readonly<Record<string, unknown>>,
  ): Promise<
    Readonly<Record<string, { readonly data: ArrayLike<unknown>; readonly dims: readonly number[] }>>
  >;
}

/** Loads the package. Rejects with what to do where it is not installed. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  // Not a literal: the compiler would ask for its types, which are not there without the package.
  const name: string = "onnxruntime-node";
  try {
    const loaded = (await import(name)) as { readonly default?: OnnxRuntime } & OnnxRuntime;
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new Error(
      `a model of kind onnx needs the package onnxruntime-node: npm install --no-save onnxruntime-node`,
      { cause },
    );
  }
}

/**
 * A model as an ONNX file: one row of features in, one column of propensities per action out. A flag is 0 or 1, what is missing is NaN,
 * as tree ensembles expect it.
 */
export class OnnxModelAdapter extends OwnModel {
  private constructor(
    private readonly session: OnnxSession,
    private readonly runtime: OnnxRuntime,
    private readonly source: OnnxSource,
  ) {
    super();
  }

  /** Rejects when the file cannot be loaded. */
  static async open(
    source: OnnxSource,
    file: string,
    load: () => Promise<OnnxRuntime> = loadOnnxRuntime,
  ): Promise<OnnxModelAdapter> {
    const runtime = await load();
    return new OnnxModelAdapter(await runtime.InferenceSession.create(file), runtime, source);
  }

  override async ask(features: Features, asked: readonly Asked[]): Promise<OwnPropensities> {
    const { inputs, output, actions } = this.source;
    const row = Float32Array.from(inputs, (name) => {
      const value = features[name];
      return value === undefined ? Number.NaN : Number(value);
    });
    const tensor = new this.runtime.Tensor("float32", row, [1, inputs.length]);
    const results = await this.session.run({ [this.session.inputNames[0]!]: tensor });
    const { data, dims } = results[output ?? this.session.outputNames.at(-1)!] ?? { data: [], dims: [] };
    if (data.length !== actions.length || dims[0] !== 1)
      throw new UnusableAnswer(
        `the output has the shape ${dims.join(" × ")}, not one row of ${actions.length} columns: ${actions.join(", ")}`,
      );
    const p = new Map<string, number>();
    for (const { action } of asked) {
      const column = actions.indexOf(action.id);
      if (column >= 0) p.set(action.id, Number(data[column]));
    }
    return { version: 0, p };
  }
}
