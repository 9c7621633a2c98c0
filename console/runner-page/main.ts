import "../lib/style/index.ts";
import { mount } from "svelte";
import { theme } from "../lib/state/theme.svelte.ts";
import App from "./App.svelte";

theme.apply();
const target = document.getElementById("app");
if (target) mount(App, { target });
