import { afterAll, beforeAll, describe } from "vitest";
import type { Store } from "../../api/store/port.ts";
import { blobBehaviour } from "./blob-behaviour.ts";
import { earnedBehaviour } from "./earned-behaviour.ts";
import { eventBehaviour } from "./event-behaviour.ts";
import { followBehaviour } from "./follow-behaviour.ts";
import { jobBehaviour } from "./job-behaviour.ts";
import { memoBehaviour } from "./memo-behaviour.ts";
import { outputBehaviour } from "./output-behaviour.ts";
import { recallBehaviour } from "./recall-behaviour.ts";
import { steeringBehaviour } from "./steering-behaviour.ts";
import { type Running, subjects } from "./subjects.ts";
import { taskBehaviour } from "./task-behaviour.ts";

describe.each(subjects())("the $name store", (subject) => {
  let running: Running;
  let store: Store;
  beforeAll(async () => {
    running = await subject.start();
    store = await running.open();
  });
  afterAll(async () => {
    await store?.close();
    await running?.stop();
  });
  const { shared, singleTaskLeases } = subject;
  const context = { store: () => store, open: () => running.open(), shared, singleTaskLeases };
  describe("jobs", () => jobBehaviour(context));
  describe("tasks", () => taskBehaviour(context));
  describe("leases that follow their job", () => followBehaviour(context));
  describe("steering", () => steeringBehaviour(context));
  describe("earnings", () => earnedBehaviour(context));
  describe("outputs", () => outputBehaviour(context));
  describe("recalled tasks", () => recallBehaviour(context));
  describe("remembered results", () => memoBehaviour(context));
  describe("events", () => eventBehaviour(context));
  describe("blobs and secrets", () => blobBehaviour(context));
});
