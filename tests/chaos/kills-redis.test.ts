import { describe } from "vitest";
import { redisInstalled } from "../support/redis-server.ts";
import { describeKills } from "./kills.ts";

describe.skipIf(!redisInstalled())("on the redis store", () => describeKills("redis"));
