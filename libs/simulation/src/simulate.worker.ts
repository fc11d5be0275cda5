/** The thread of `compareInWorker`. */
import { parentPort, workerData } from "node:worker_threads";
import type { WorkerAnswer } from "./simulate-in-worker.js";
import { compareVersions, type SimulationInput } from "./simulate.js";

function answer(): WorkerAnswer {
  try {
    return { result: compareVersions(workerData as SimulationInput) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(answer());
