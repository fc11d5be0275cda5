/** Which nats-server a command asks: `--nats <url>`, else that of the `npm start` in this folder, else the usual address. */
import { join } from "node:path";
import { runningNatsUrl } from "#embedded";

const USUAL = "nats://127.0.0.1:4222";

/** For `parseArgs`. */
export const natsOption = {
  type: "string",
  default: runningNatsUrl(join(process.cwd(), ".segue", "run.json")) ?? USUAL,
} as const;

/** For the help of a command. */
export const NATS_DEFAULT_TEXT = `default: of the npm start that runs in this folder, else ${USUAL}`;
