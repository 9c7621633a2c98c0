import type { Kind } from "../../../protocol/job.ts";
import iterate from "./templates/iterate.ts?raw";
import map from "./templates/map.ts?raw";
import mapReduce from "./templates/map-reduce.ts?raw";
import predict from "./templates/predict.ts?raw";
import simulate from "./templates/simulate.ts?raw";

export interface Template {
  id: string;
  kind: Kind;
  title: string;
  about: string;
  source: string;
}

/** Functions to begin with, at least one of each kind. */
export const templates: readonly Template[] = [
  {
    id: "map",
    kind: "map",
    title: "Each record by itself",
    about: "A line, a row or a picture in, one answer out. The simplest there is.",
    source: map,
  },
  {
    id: "map-reduce",
    kind: "mapReduce",
    title: "Count and group",
    about: "Records to keys, keys to values: counts, sums and tops by whatever you like.",
    source: mapReduce,
  },
  {
    id: "iterate",
    kind: "iterate",
    title: "Learn in rounds",
    about: "Rounds over the same data until it is done, with a curve to watch.",
    source: iterate,
  },
  {
    id: "simulate",
    kind: "mapReduce",
    title: "Simulate",
    about: "No data, only a count: throw dice a billion times, the same everywhere.",
    source: simulate,
  },
  {
    id: "predict",
    kind: "map",
    title: "Use a model",
    about: "What another job has learnt, over as many records as you have.",
    source: predict,
  },
];
