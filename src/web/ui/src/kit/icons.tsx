import type { JSX } from "preact";

interface IconProps {
  /** A name for who does not see it; without one it is decoration. */
  readonly label?: string;
  readonly class?: string;
}

export type Icon = (props: IconProps) => JSX.Element;

/** Paths on a grid of 24 px, drawn as lines. `flips`: it points somewhere, so it turns round where text runs right to left. */
function icon(path: string, options: { flips?: boolean; filled?: string } = {}): Icon {
  return ({ label, class: name }) => (
    <svg class={["icon", options.flips ? "flips" : "", name ?? ""].filter(Boolean).join(" ")} viewBox="0 0 24 24" {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" as const })}>
      {path && <path d={path} />}
      {options.filled && <path d={options.filled} fill="currentColor" stroke="none" />}
    </svg>
  );
}

const dot = (x: number, y: number, r: number): string => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

export const ArrowDownIcon = icon("M12 5v14M6 13l6 6 6-6");
export const ArchiveIcon = icon("M4 5h16v4H4zM5.5 9v9a1.5 1.5 0 0 0 1.5 1.5h10a1.5 1.5 0 0 0 1.5-1.5V9M10 13h4");
export const BackIcon = icon("M19 12H5M11 6l-6 6 6 6", { flips: true });
export const BellIcon = icon("M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 21h4");
export const BranchIcon = icon("M7 8v8M7 12h5a4 4 0 0 0 4-4M7 5.5" + dot(7, 6, 2) + dot(7, 18, 2) + dot(17, 6, 2));
export const CheckIcon = icon("M5 12.5l4.5 4.5L19 7.5");
export const ChevronDownIcon = icon("M7 10l5 5 5-5");
export const ChevronLeftIcon = icon("M14 7l-5 5 5 5", { flips: true });
export const ChevronRightIcon = icon("M10 7l5 5-5 5", { flips: true });
export const ClockIcon = icon(dot(12, 12, 8.5) + "M12 7.5V12l3 2");
export const CloseIcon = icon("M6 6l12 12M18 6L6 18");
export const CodeIcon = icon("M9 7l-5 5 5 5M15 7l5 5-5 5");
export const CopyIcon = icon("M9 9h9.5a1 1 0 0 1 1 1v9.5a1 1 0 0 1-1 1H10a1 1 0 0 1-1-1zM15 9V5.5a1 1 0 0 0-1-1H5.5a1 1 0 0 0-1 1V14a1 1 0 0 0 1 1H9");
export const DownloadIcon = icon("M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15");
export const EditIcon = icon("M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5");
export const ExternalIcon = icon("M14 4.5h5.5V10M19 5l-8 8M18 14v4.5a1 1 0 0 1-1 1H5.5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1H10", { flips: true });
export const HelpIcon = icon(dot(12, 12, 8.5) + "M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8", { filled: dot(12, 16.6, 1.1) });
export const InfoIcon = icon(dot(12, 12, 8.5) + "M12 11v5", { filled: dot(12, 7.9, 1.1) });
export const MenuIcon = icon("M4 7h16M4 12h16M4 17h16");
export const MoreIcon = icon("", { filled: dot(5.5, 12, 1.6) + dot(12, 12, 1.6) + dot(18.5, 12, 1.6) });
export const NewChatIcon = icon("M12.5 5H6a1.5 1.5 0 0 0-1.5 1.5V18A1.5 1.5 0 0 0 6 19.5h11.5A1.5 1.5 0 0 0 19 18v-6.5M10 14l.6-2.8 7.4-7.4 2.2 2.2-7.4 7.4z");
export const OfflineIcon = icon("M4 4l16 16M8.5 15.5a5 5 0 0 1 6.6-.4M5 12a10 10 0 0 1 4-2.4M14.5 9.4A10 10 0 0 1 19 12M2 8.5a15 15 0 0 1 4.5-2.7M11 4.6a15 15 0 0 1 11 3.9", { filled: dot(12, 19, 1.3) });
export const PauseIcon = icon("M9 6v12M15 6v12");
export const PlayIcon = icon("M8 5.5v13l10.5-6.5z", { flips: true });
export const PlusIcon = icon("M12 5v14M5 12h14");
export const PulseIcon = icon("M3 12h4l3-7 4 14 3-7h4");
export const RetryIcon = icon("M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4.5V9H15");
export const SearchIcon = icon(dot(11, 11, 6.5) + "M16 16l4 4");
export const SendIcon = icon("M12 19V5.5M6 11.5l6-6 6 6");
export const SettingsIcon = icon("M4 7h9M17 7h3M4 17h3M11 17h9" + dot(15, 7, 2) + dot(9, 17, 2));
export const ShieldIcon = icon("M12 3.5l7 2.5v5.5c0 4.2-2.8 7.5-7 9-4.2-1.5-7-4.8-7-9V6zM9 12l2.2 2.2L15 10.4");
export const SidebarIcon = icon("M5.5 4.5h13a1.5 1.5 0 0 1 1.5 1.5v12a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18V6a1.5 1.5 0 0 1 1.5-1.5zM9.5 4.5v15", { flips: true });
export const SparkIcon = icon("M12 4c.7 4.6 3.4 7.3 8 8-4.6.7-7.3 3.4-8 8-.7-4.6-3.4-7.3-8-8 4.6-.7 7.3-3.4 8-8z");
export const SpinnerIcon = icon("M12 3.5a8.5 8.5 0 1 0 8.5 8.5");
export const StepIcon = icon("M6 5.5v13L15 12zM18.5 6v12", { flips: true });
export const StopIcon = icon("", { filled: "M8 6.5h8A1.5 1.5 0 0 1 17.5 8v8a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 16V8A1.5 1.5 0 0 1 8 6.5z" });
export const ThumbDownIcon = icon("M17 14V4.5M17 14l-4.5 6.5c-1.4 0-2.3-1.1-2-2.5L11.2 14H6a1.7 1.7 0 0 1-1.7-2.1l1.5-6A1.8 1.8 0 0 1 7.5 4.5H20V14z");
export const ThumbUpIcon = icon("M7 10v9.5M7 10l4.5-6.5c1.4 0 2.3 1.1 2 2.5l-.7 4H18a1.7 1.7 0 0 1 1.7 2.1l-1.5 6a1.8 1.8 0 0 1-1.7 1.4H4V10z");
export const ToolIcon = icon("M14.5 6.5a4 4 0 0 1 5-1.5l-2.7 2.7.7 2 2 .7L22 8a4.5 4.5 0 0 1-6 5L8.5 20.5a2 2 0 0 1-3-3L13 10a4 4 0 0 1 1.5-3.5z");
export const TrashIcon = icon("M4.5 6.5h15M9.5 6V4h5v2M6.5 6.5l.8 12.5a1.5 1.5 0 0 0 1.5 1.5h6.4a1.5 1.5 0 0 0 1.5-1.5l.8-12.5M10 10.5v6M14 10.5v6");
export const UserIcon = icon(dot(12, 8, 3.8) + "M4.5 20c.8-4 3.7-6 7.5-6s6.7 2 7.5 6");
export const WarningIcon = icon("M12 4L2.8 19.5h18.4zM12 10v4.5", { filled: dot(12, 17, 1.1) });
