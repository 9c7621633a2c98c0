import types from "virtual:sandbox-types";
import { expose } from "comlink";
import { TypeService } from "./type-service.ts";

expose(new TypeService(types));
