import { describe } from "vitest";
import { describeKills } from "./kills.ts";

describe("on the embedded store", () => describeKills("embedded"));
