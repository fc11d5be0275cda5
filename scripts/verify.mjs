/**
 * `npm run verify`: everything that must hold before a change is handed in. Stops at the first failure. The contract
 * snapshot is compared by the tests (`libs/contracts/src/json-schemas.int.spec.ts`).
 */
import { ROOT, setup } from "./setup.mjs";
import { test } from "./test.mjs";
import { main, run } from "./terminal.mjs";

await main(async () => {
  const node = await setup();
  const quiet =
    (bin, ...args) =>
    async () => {
      const done = await run(node, [bin, ...args], { cwd: ROOT });
      if (done.status !== 0) console.log(done.tail);
      return done.status;
    };
  const tsc = "node_modules/typescript/bin/tsc";
  const steps = [
    [
      "format",
      quiet("node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."),
      "npm run format",
    ],
    ["lint", quiet("node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"), "npm run lint"],
    ["types", quiet(tsc, "-p", "tsconfig.json")],
    ["purity of libs/domain", quiet(tsc, "-p", "libs/domain/tsconfig.json")],
    ["tests", () => test(node, process.argv.slice(2)), "npm test"],
  ];
  for (const [name, work, repeat] of steps) {
    const start = Date.now();
    const status = await work();
    const took = `${((Date.now() - start) / 1_000).toFixed(1)} s`;
    if (status !== 0) {
      console.log(
        `verify: ${name} FAILED after ${took}${repeat ? ` (see above; again: ${repeat})` : " (see above)"}`,
      );
      return 1;
    }
    console.log(`verify: ${name} ok, ${took}`);
  }
  console.log("verify: all good");
  return 0;
});
