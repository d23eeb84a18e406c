import { adopt } from "../kit/sheet.js";
import css from "./onDemand.css?sheet";

adopt(css);

// The dialogs and the drawer that wait for a press: one file together, since each by itself is smaller than a request.
export { Drawer } from "./drawer/drawer.js";
export { HelpDialog } from "./help/helpDialog.js";
export { DeleteDialog } from "./sidebar/deleteDialog.js";
export { GuestDialog } from "./sidebar/guestDialog.js";
export { SearchDialog } from "./search/searchDialog.js";
export { SettingsDialog } from "./settings/settingsDialog.js";
