/** Jest reporter: leaves the totals in the file named by SEGUE_TEST_RESULTS, for `scripts/test.mjs`. */
import { writeFileSync } from "node:fs";

export default class TotalsReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.SEGUE_TEST_RESULTS;
    if (!file) return;
    // A file that cannot be loaded has no tests to count, and is a failure all the same.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed }));
  }
}
