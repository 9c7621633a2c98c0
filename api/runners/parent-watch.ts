/**
 * Preloaded into an included runner (`node --import`): when the API that started it is gone, however it died, the runner
 * drains and ends instead of waiting for a server that will not come back.
 */
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
