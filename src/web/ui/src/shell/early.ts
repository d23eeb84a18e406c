// Runs before the first paint, so that the page never flashes in another theme. Only what cannot wait is here.
import { applySettings, readSettings } from "./settings/settings.js";

applySettings(readSettings());
