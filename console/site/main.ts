import "../lib/style/index.ts";
import { mount } from "svelte";
import { theme } from "../lib/state/theme.svelte.ts";
import App from "./App.svelte";
import { leaveModifiedClicks } from "./plain-clicks.ts";

theme.apply();
leaveModifiedClicks(document);
const target = document.getElementById("app");
// In a task of its own: making modules takes as long as making what they show.
if (target) setTimeout(() => mount(App, { target }));
