import "../quick-start.js";

await import("./program.ts");
