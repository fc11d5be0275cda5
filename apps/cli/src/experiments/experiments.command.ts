/** `segue experiments report`: what marketing is worth, by those who get none. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { experimentsHtml, experimentsText, readExperiments } from "#insight";
import { commonOptions, runWithNats, write, writeJson, WrongArguments } from "../audit/with-nats.js";
import type { Command } from "../command.js";
import { NATS_DEFAULT_TEXT } from "../nats-option.js";

const HELP = `segue experiments report [--html <file>] [--json] [--nats <url>]

  Per experiment (experiments/) and version that a decision on record was made under: treated customers against the control
  group, uplift with intervals, and whether the difference is beyond chance; that part holds however often one looks.
  docs/insight.md says how it is counted.

  --html <file>  writes a page with plots
  --json         one JSON document; an upper bound that is null is without bound
  --nats <url>   ${NATS_DEFAULT_TEXT}

  Exit status: 0 done, 1 not reachable, 2 not understood.
`;

export const experimentsCommand: Command = {
  summary: "uplift of marketing against the control groups, with intervals; plots",
  help: HELP,
  run: (args) =>
    runWithNats("experiments", HELP, () => {
      const { values, positionals } = parseArgs({
        args: [...args],
        options: { ...commonOptions, html: { type: "string" } },
        allowPositionals: true,
      });
      if (values.help) return "help";
      if (positionals.join(" ") !== "report") throw new WrongArguments("say: segue experiments report");
      const { nats, html, json } = values;
      return {
        nats,
        run: async (nc) => {
          const reports = await readExperiments(nc);
          if (html !== undefined) writeFileSync(html, experimentsHtml(reports));
          if (json) await writeJson(reports);
          else await write(experimentsText(reports));
          return 0;
        },
      };
    }),
};
