import { logLineCharsMax, logLinesPerTaskMax, outputBytesMax } from "../../../protocol/limits.ts";
import { createRuntime } from "./index.ts";
import { installPrelude } from "./prelude.ts";

/**
 * What a bundle evaluates before the author's code, inside its isolate: makes the globals pure and gives what metered
 * code and the bundle's end need.
 */
const runtime = createRuntime({ logLinesPerTaskMax, logLineCharsMax, outputBytesMax });
installPrelude(runtime);

const { meter, outOfFuel, caught, bind } = runtime;
export default Object.freeze({ meter, outOfFuel, caught, bind });
