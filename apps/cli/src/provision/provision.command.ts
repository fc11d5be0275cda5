/** `segue provision`: makes the streams, consumers and buckets of a nats-server match the contracts. Idempotent. */
import { parseArgs } from "node:util";
import { connectNats, provision } from "#messaging";
import type { Command } from "../command.js";
import { NATS_DEFAULT_TEXT, natsOption } from "../nats-option.js";

const HELP = `segue provision [--nats <url>] [--replicas <n>]

  Creates or updates the streams, consumers and key-value buckets that the services need.
  --nats <url>     ${NATS_DEFAULT_TEXT}
  --replicas <n>   1, 3 or 5 (default 1)
`;

export const provisionCommand: Command = {
  summary: "make the streams, consumers and buckets of a nats-server match the contracts",
  help: HELP,
  run,
};

/** Answers the exit status: 0 done, 1 the server refused or cannot be reached, 2 wrong arguments. */
async function run(args: readonly string[]): Promise<number> {
  let nats: string;
  let replicas: number;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        nats: natsOption,
        replicas: { type: "string", default: "1" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    nats = values.nats;
    replicas = Number(values.replicas);
    if (![1, 3, 5].includes(replicas)) throw new Error(`--replicas ${values.replicas}: use 1, 3 or 5`);
  } catch (error) {
    process.stderr.write(`segue provision: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  try {
    const nc = await connectNats({ url: nats, name: "segue provision", waitOnFirstConnect: false });
    await provision(nc, { replicas });
    await nc.close();
  } catch (error) {
    process.stderr.write(`segue provision: ${nats}: ${(error as Error).message}\n`);
    return 1;
  }
  process.stdout.write(`streams, consumers and buckets are ready on ${nats}\n`);
  return 0;
}
