/** `npm test`: set-up, then every test. The last line is `N passed, N failed`. Arguments go to Jest. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, describeServers, setup } from "./setup.mjs";
import { main, runAttached } from "./terminal.mjs";

const RESULTS = join(ROOT, ".segue/test-results.json");

/** Runs Jest on what was compiled; answers its exit status. */
export async function test(node, args) {
  console.log(`servers: ${await describeServers(node)}`);
  mkdirSync(join(ROOT, ".segue"), { recursive: true });
  rmSync(RESULTS, { force: true });
  const jest = [
    "--experimental-vm-modules",
    "--no-warnings",
    "--enable-source-maps",
    "node_modules/jest/bin/jest.js",
    // The NATS client keeps heartbeat timers of a consumer whose server was killed; a run must end all the same.
    "--forceExit",
  ];
  const reporters = ["--reporters=default", "--reporters=<rootDir>/../scripts/jest-totals.mjs"];
  const status = await runAttached(node, [...jest, ...args, ...reporters], {
    cwd: ROOT,
    env: { ...process.env, SEGUE_TEST_RESULTS: RESULTS },
  });
  const { passed, failed } = totals(status);
  console.log(`${passed} passed, ${failed} failed`);
  return status !== 0 ? status : failed > 0 ? 1 : 0;
}

/** Jest that ended without a result (a crash, a signal) counts as one failure. */
function totals(status) {
  try {
    return JSON.parse(readFileSync(RESULTS, "utf8"));
  } catch {
    return { passed: 0, failed: status === 0 ? 0 : 1 };
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => test(await setup(), process.argv.slice(2)));
}
