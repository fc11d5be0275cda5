export { chartSvg, number, type Chart } from "./chart.js";
export { escapeXml } from "./svg.js";
