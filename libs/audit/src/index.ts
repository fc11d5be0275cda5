export * from "./chain-hash.js";
export * from "./definition-archive.js";
