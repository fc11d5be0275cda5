/** The page at `/docs` and those at `/problems`: plain HTML without scripts or anything from elsewhere, so that they work offline. */
import { PROBLEMS, type ProblemKind } from "../problem.js";
import type { ApiRoute } from "./api-route.js";
import { API_ROUTES } from "./api-routes.js";
import type { OpenApiDocument } from "./openapi.js";

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2530;--soft:#5b6875;--line:#dde3e9;--paper:#fff;--tint:#f5f7f9;--accent:#0b6e5f}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa7b4;--line:#2d3742;--paper:#12171c;--tint:#1a2129;--accent:#4fc3ae}}
*{box-sizing:border-box}body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 5rem}h1{font-size:1.9rem;margin:0 0 .25rem}h2{margin:2.5rem 0 .5rem;font-size:1.3rem}
h3{margin:1.2rem 0 .3rem;font-size:1rem}p{margin:.4rem 0}.soft{color:var(--soft)}a{color:var(--accent)}
code,pre{font:13.5px/1.5 ui-monospace,monospace}code{background:var(--tint);padding:.1em .3em;border-radius:4px}
pre{background:var(--tint);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;margin:.4rem 0}pre code{padding:0;background:none}
table{border-collapse:collapse;width:100%;margin:.4rem 0}td,th{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
section.route{border:1px solid var(--line);border-radius:12px;padding:1rem 1.25rem;margin:1rem 0}
.verb{display:inline-block;min-width:4.2rem;text-align:center;font:600 13px ui-monospace,monospace;color:#fff;border-radius:6px;padding:.15rem .5rem;margin-right:.5rem}
.get{background:#2563a8}.post{background:#0b6e5f}.put{background:#9a6200}.delete{background:#b3372f}.path{font:600 1.02rem ui-monospace,monospace}
summary{cursor:pointer;padding:.2rem 0}nav a{margin-right:1rem}`;

export function docsPage(document: OpenApiDocument, address: string): string {
  const tags = document.tags.map((t) => ({ name: String(t["name"]), description: String(t["description"]) }));
  return page(
    "Segue gateway",
    `<h1>Segue gateway</h1><p class="soft">${text(String(document.info["description"]))}</p>
<nav><a href="/docs/openapi.json">OpenAPI 3.1</a><a href="/problems">Problems</a><a href="/health/ready">Health</a><a href="/metrics">Metrics</a></nav>
<pre><code>SEGUE=${text(address)}</code></pre>
${tags
  .map(
    (tag) =>
      `<h2 id="${text(tag.name)}">${text(tag.name)}</h2><p class="soft">${text(tag.description)}</p>${API_ROUTES.filter(
        (r) => r.tag === tag.name,
      )
        .map(routeSection)
        .join("")}`,
  )
  .join("")}
<h2>Schemas</h2>${Object.entries(document.components.schemas)
      .map(
        ([id, schema]) =>
          `<details id="schema-${text(id)}"><summary><code>${text(id)}</code></summary>${json(schema)}</details>`,
      )
      .join("")}`,
  );
}

function routeSection(route: ApiRoute): string {
  const { body, answer } = route;
  return `<section class="route" id="${route.operationId}">
<div><span class="verb ${route.method}">${route.method.toUpperCase()}</span><span class="path">${text(route.path)}</span></div>
<p><strong>${text(route.summary)}.</strong> ${text(route.description)}</p>
<pre><code>curl ${text(route.curl)}</code></pre>
${route.parameters.length > 0 ? `<h3>Parameters</h3><table>${route.parameters.map((p) => `<tr><td><code>${text(p.name)}</code></td><td class="soft">${p.in}${p.required ? "" : ", optional"}</td><td>${text(p.description)}</td></tr>`).join("")}</table>` : ""}
${body ? `<h3>Body</h3><p>${text(body.description)}</p>${body.contents.map((c) => `<details><summary><code>${text(c.mediaType)}</code></summary>${json(c.example)}</details>`).join("")}` : ""}
<h3>Answer</h3><p><code>${answer.status}</code> ${text(answer.description)} ${schemaLink(answer.schema)}</p>
${answer.example === undefined ? "" : `<details><summary>Example</summary>${json(answer.example)}</details>`}
<p class="soft">Problems: ${route.problems.map((k) => `<a href="/problems/${k}">${PROBLEMS[k].status} ${k}</a>`).join(", ")}</p>
</section>`;
}

function schemaLink(schema: ApiRoute["answer"]["schema"]): string {
  const id = schema.meta()?.id;
  return id === undefined ? "" : `Schema: <a href="#schema-${text(id)}">${text(id)}</a>`;
}

export function problemsPage(): string {
  const kinds = Object.keys(PROBLEMS) as ProblemKind[];
  return page(
    "Problems",
    `<h1>Problems</h1><p class="soft">Errors are problem details (RFC 9457). Their type is one of these addresses.</p>
<table>${kinds.map((k) => `<tr><td>${PROBLEMS[k].status}</td><td><a href="/problems/${k}">${k}</a></td><td>${text(PROBLEMS[k].title)}</td></tr>`).join("")}</table>
<p><a href="/docs">Documentation</a></p>`,
  );
}

/** `undefined` when there is no such kind. */
export function problemPage(slug: string): string | undefined {
  if (!Object.hasOwn(PROBLEMS, slug)) return undefined;
  const { status, title, help } = PROBLEMS[slug as ProblemKind];
  return page(
    title,
    `<h1>${text(title)}</h1><p class="soft">HTTP ${status} · <code>/problems/${text(slug)}</code></p><p>${text(help)}</p><p><a href="/problems">All problems</a> · <a href="/docs">Documentation</a></p>`,
  );
}

function json(value: unknown): string {
  return `<pre><code>${text(JSON.stringify(value, null, 2))}</code></pre>`;
}

/** Escapes; text between backquotes becomes code. */
function text(raw: string): string {
  return raw
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/`([^`]+)`/g, "<code>$1</code>");
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${text(title)}</title><style>${STYLE}</style></head><body><main>${body}</main></body></html>`;
}
