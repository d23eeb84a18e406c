/** The language of the words in this folder. Numbers and dates are written as the person's own region writes them in it. */
export const language = "en";

const locale = typeof navigator === "undefined" ? language : navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;

const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });
const times = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const datesAndTimes = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium" });
const months = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });

export interface Forms {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}

/** The form for the count, with `#` as the count itself: `plural(2, { one: "# message", other: "# messages" })`. */
export function plural(count: number, forms: Forms): string {
  return (forms[plurals.select(count)] ?? forms.other).replace("#", numbers.format(count));
}

export function formatNumber(value: number): string {
  return numbers.format(value);
}

export function formatPercent(fraction: number): string {
  return percents.format(fraction);
}

/** The time of day of an RFC 3339 time. */
export function formatTime(at: string | number): string {
  return times.format(new Date(at));
}

export function formatDate(at: string | number): string {
  return dates.format(new Date(at));
}

/** Date and time in full, for a tooltip. */
export function formatMoment(at: string | number): string {
  return datesAndTimes.format(new Date(at));
}

export function formatMonth(at: string | number): string {
  return months.format(new Date(at));
}

/** A duration for people: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
export function formatDuration(ms: number): string {
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: name === "minute" ? "short" : "narrow", maximumFractionDigits: digits }).format(value)
      .replace(/(\d)([a-z])/iu, "$1 $2");
  const seconds = ms / 1000;
  if (seconds < 9.95) {
    return unit(seconds, "second", 1);
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return unit(whole, "second");
  }
  if (whole < 3600) {
    const rest = whole % 60;
    return rest === 0 ? unit(whole / 60, "minute") : `${unit(Math.floor(whole / 60), "minute")} ${unit(rest, "second")}`;
  }
  const minutes = Math.round(whole / 60);
  return minutes % 60 === 0 ? unit(minutes / 60, "hour") : `${unit(Math.floor(minutes / 60), "hour")} ${unit(minutes % 60, "minute")}`;
}

/** A size in bytes for people: "812 byte", "34 kB". */
export function formatBytes(bytes: number): string {
  const [value, unit] = bytes < 1000 ? [bytes, "byte"] as const : bytes < 1_000_000 ? [bytes / 1000, "kilobyte"] as const : [bytes / 1_000_000, "megabyte"] as const;
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: value < 10 && unit !== "byte" ? 1 : 0 }).format(value);
}
