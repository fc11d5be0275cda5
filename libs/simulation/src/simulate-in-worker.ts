/** A simulation on a thread of its own, so that whoever asks goes on with other work, and can end it. */
import { Worker } from "node:worker_threads";
import { SimulationTooLong, type SimulationInput, type SimulationResult } from "./simulate.js";

export type WorkerAnswer = { readonly result: SimulationResult } | { readonly error: string };

/** As `compareVersions`; with `withinMs` ended after so many milliseconds of the wall: rejects with SimulationTooLong. */
export function compareInWorker(input: SimulationInput, withinMs?: number): Promise<SimulationResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./simulate.worker.js", import.meta.url), {
      workerData: input,
      resourceLimits: { maxOldGenerationSizeMb: 1_024 },
    });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      void worker.terminate();
      settle();
    };
    const tooLong = (): void =>
      end(() =>
        reject(
          new SimulationTooLong(
            `not done within ${withinMs} ms: give fewer events, or run \`segue simulate\` on the command line`,
          ),
        ),
      );
    const timer = withinMs === undefined ? undefined : setTimeout(tooLong, withinMs);
    worker.once("message", (answer: WorkerAnswer) =>
      end(() => ("result" in answer ? resolve(answer.result) : reject(new Error(answer.error)))),
    );
    worker.once("error", (error: Error) => end(() => reject(error)));
    worker.once("exit", () => end(() => reject(new Error("the simulation ended without an answer"))));
  });
}
