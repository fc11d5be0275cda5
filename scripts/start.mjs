/** `npm start`: set-up, then the launcher (apps/cli) under the locked Node. */
import { ROOT, setup } from "./setup.mjs";
import { main, runAttached } from "./terminal.mjs";

await main(async () => {
  const node = await setup();
  return runAttached(
    node,
    ["--enable-source-maps", "dist/apps/cli/src/main.js", "start", ...process.argv.slice(2)],
    { cwd: ROOT, ipc: true },
  );
});
