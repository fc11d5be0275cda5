/** `npm run faults`: set-up, then the fault matrix (test/faults) under the locked Node. */
import { ROOT, describeServers, setup } from "./setup.mjs";
import { main, runAttached } from "./terminal.mjs";

await main(async () => {
  const node = await setup();
  console.log(`servers: ${await describeServers(node)}`);
  const args = ["--enable-source-maps", "dist/test/faults/main.js", ...process.argv.slice(2)];
  return runAttached(node, args, { cwd: ROOT });
});
