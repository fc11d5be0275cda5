/** `npm run bench`: set-up, then the benchmark (bench/) under the locked Node. `npm run bench -- --help` tells more. */
import { ROOT, setup } from "./setup.mjs";
import { main, runAttached } from "./terminal.mjs";

await main(async () => {
  const node = await setup();
  return runAttached(node, ["--enable-source-maps", "dist/bench/main.js", ...process.argv.slice(2)], {
    cwd: ROOT,
  });
});
