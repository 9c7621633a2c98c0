import type { GatewayToRunner } from "../protocol/gateway-to-runner.ts";

type Of<Type extends GatewayToRunner["type"]> = Extract<GatewayToRunner, { type: Type }>;

export type RunMessage = Of<"run">;
export type CallMessage = Of<"call">;
export type WelcomeMessage = Of<"welcome">;
