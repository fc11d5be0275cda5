/** `npm run eval -- <what>`: set-up, then the evaluation (eval/) under the locked Node. `npm run eval -- --help` tells more. */
import { ROOT, setup } from "./setup.mjs";
import { main, runAttached } from "./terminal.mjs";

await main(async () => {
  const caller = process.env.INIT_CWD ?? process.cwd();
  const node = await setup();
  return runAttached(node, ["--enable-source-maps", `${ROOT}/dist/eval/main.js`, ...process.argv.slice(2)], {
    cwd: caller,
  });
});
