import "./quick-start.js";

const { main } = await import("./program.ts");
await main();
