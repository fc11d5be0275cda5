export * from "./duration-histogram.js";
export * from "./kpi-cell.js";
export * from "./kpi-fold.js";
export * from "./sequential.js";
export * from "./statistics.js";
export * from "./experiment-fold.js";
export * from "./experiment-report.js";
export * from "./fairness.js";
