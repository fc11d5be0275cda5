/** `npm run segue -- <command>`: set-up, then the command (apps/cli) under the locked Node. */
import { ROOT, setup } from "./setup.mjs";
import { main, runAttached } from "./terminal.mjs";

await main(async () => {
  const node = await setup();
  return runAttached(
    node,
    ["--enable-source-maps", `${ROOT}/dist/apps/cli/src/main.js`, ...process.argv.slice(2)],
    {
      cwd: process.cwd(),
    },
  );
});
