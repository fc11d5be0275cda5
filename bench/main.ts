/** `npm run bench`. */
import { parseArgs } from "node:util";
import { Installation } from "./installation.js";
import { measureThroughput, RunFailed } from "./throughput.js";
import { W1_DEFAULTS } from "./workload.js";

const { values } = parseArgs({ options: { n: { type: "string" }, customers: { type: "string" } } });
const installation = await Installation.start({ durability: "default", actors: 1 });
try {
  const result = await measureThroughput(installation, {
    ...W1_DEFAULTS,
    ...(values.n ? { n: Number(values.n) } : {}),
    ...(values.customers ? { customers: Number(values.customers) } : {}),
  });
  console.log(`${result.eventsPerSecond.toFixed(0)} events/s`);
  console.log(JSON.stringify(result, null, 1));
} catch (error) {
  if (!(error instanceof RunFailed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await installation.stop();
}
