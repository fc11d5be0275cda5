export { chartSvg, number, type Chart } from "./chart.js";
export { htmlPage } from "./page.js";
export { escapeXml } from "./svg.js";
export { textTable } from "./text-table.js";
