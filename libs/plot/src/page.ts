/** A report as one page that needs nothing else: inline styles and SVG, no script. */
import { escapeXml } from "./svg.js";

/** `body` is HTML, its texts escaped already. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

const STYLE = `
:root{--ink:#1b2430;--soft:#5b6776;--line:#e1e6ec;--ok:#1c7a45;--okbg:#e7f5ec;--bad:#b3261e;--badbg:#fdecea;--note:#8a6100;--notebg:#fff6df;--blue:#4e79a7;--orange:#f28e2b}
*{box-sizing:border-box}body{margin:0;background:#f4f6f8;color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
header,section{background:#fff;border:1px solid var(--line);border-radius:12px;padding:28px 32px;margin:0 0 20px}
.eyebrow{margin:0;color:var(--soft);font-size:13px;letter-spacing:.04em;text-transform:uppercase}
h1{margin:.15em 0 .2em;font-size:30px;line-height:1.2}h1 span{color:var(--soft);font-weight:400}
h2{margin:0 0 14px;font-size:21px}h3{margin:26px 0 8px;font-size:16px}
.lead{margin:0 0 18px;color:var(--soft)}
.verdict{margin:0;padding:14px 18px;border-radius:8px;border-left:5px solid}
.verdict.ok{background:var(--okbg);border-color:var(--ok);color:#11522d}.verdict.bad{background:var(--badbg);border-color:var(--bad);color:#7d1a14}.verdict.none{background:var(--notebg);border-color:#d9a514}
section{overflow-x:auto}table{width:100%;border-collapse:collapse;font-size:14px;margin-top:14px}table.narrow{max-width:640px}
th{text-align:left;color:var(--soft);font-weight:600;font-size:13px}th,td{padding:8px 10px;border-bottom:1px solid var(--line);vertical-align:top}
td small{display:block;color:var(--soft);font-size:12.5px;line-height:1.4;margin-top:2px;max-width:64ch;overflow-wrap:anywhere}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.t{white-space:nowrap}
tr.broken td{background:#fff8f7}
.pill{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12.5px;font-weight:600;white-space:nowrap}
.pill.kept{background:var(--okbg);color:var(--ok)}.pill.broken{background:var(--badbg);color:var(--bad)}.pill.not-judged{background:var(--notebg);color:var(--note)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px}
.card{border:1px solid var(--line);border-radius:10px;padding:14px 16px}.card p{margin:0;color:var(--soft);font-size:13px;line-height:1.3;min-height:2.6em}.card b{font-size:26px;line-height:1.3;display:block}.card small{color:var(--soft)}
.bar{display:flex;height:26px;border-radius:6px;overflow:hidden;background:var(--line)}.bar i{display:block;height:100%;min-width:3px}
i.same{background:#c3ccd6}i.changed{background:#edc948}i.gained{background:var(--orange)}i.lost{background:var(--blue)}
.legend{display:flex;flex-wrap:wrap;gap:18px;margin:8px 0 0;color:var(--soft);font-size:13.5px}.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:16px;margin-top:18px}
figure{margin:0;border:1px solid var(--line);border-radius:10px;overflow:hidden}figure svg{display:block;width:100%;height:auto}
code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:13.5px;margin:12px 0 0}ul{margin:0;padding-left:20px}li{margin:6px 0}
@media print{body{background:#fff}main{padding:0;max-width:none}header,section{border:0;padding:12px 0;break-inside:avoid-page}}
`;
