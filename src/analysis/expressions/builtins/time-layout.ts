import type { TimeParts } from '../time.ts';

/** Go's reference time, part by part; the longest match of a place comes first. */
const elements = [
  'January',
  'Jan',
  'Monday',
  'Mon',
  'MST',
  '2006',
  'Z07:00',
  'Z0700',
  '-07:00',
  '-0700',
  '-07',
  '.000000000',
  '.000000',
  '.000',
  '01',
  '02',
  '03',
  '04',
  '05',
  '06',
  '15',
  'PM',
  'pm',
  '_2',
  '1',
  '2',
  '3',
  '4',
  '5',
] as const;
type Element = (typeof elements)[number];

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const short = (name: string) => name.slice(0, 3);

const monthName = (month: number): string => months[month - 1] ?? '';
const dayName = (weekday: number): string => days[weekday] ?? '';

/** Literal text and elements of a layout, in order. */
function split(layout: string): ({ literal: string } | { element: Element })[] {
  const parts: ({ literal: string } | { element: Element })[] = [];
  for (let at = 0; at < layout.length; ) {
    const element = elements.find((text) => layout.startsWith(text, at));
    const last = parts.at(-1);
    if (element) parts.push({ element });
    else if (last && 'literal' in last) last.literal += layout[at];
    else parts.push({ literal: layout[at] ?? '' });
    at += element?.length ?? 1;
  }
  return parts;
}

const two = (value: number) => String(value).padStart(2, '0');

/** A time in a layout of Go's reference form, e.g. `2006-01-02 15:04:05`. */
export function formatLayout(layout: string, parts: TimeParts, offsetMs: number, zone: string): string {
  return split(layout)
    .map((part) => ('literal' in part ? part.literal : formatElement(part.element, parts, offsetMs, zone)))
    .join('');
}

function formatElement(element: Element, parts: TimeParts, offsetMs: number, zone: string): string {
  const twelve = parts.hour % 12 || 12;
  switch (element) {
    case '2006':
      return String(parts.year).padStart(4, '0');
    case '06':
      return two(parts.year % 100);
    case 'January':
      return monthName(parts.month);
    case 'Jan':
      return short(monthName(parts.month));
    case '01':
      return two(parts.month);
    case '1':
      return String(parts.month);
    case '02':
      return two(parts.day);
    case '_2':
      return String(parts.day).padStart(2);
    case '2':
      return String(parts.day);
    case 'Monday':
      return dayName(parts.weekday);
    case 'Mon':
      return short(dayName(parts.weekday));
    case '15':
      return two(parts.hour);
    case '03':
      return two(twelve);
    case '3':
      return String(twelve);
    case '04':
      return two(parts.minute);
    case '4':
      return String(parts.minute);
    case '05':
      return two(parts.second);
    case '5':
      return String(parts.second);
    case 'PM':
      return parts.hour < 12 ? 'AM' : 'PM';
    case 'pm':
      return parts.hour < 12 ? 'am' : 'pm';
    case '.000':
      return `.${String(parts.millisecond).padStart(3, '0')}`;
    case '.000000':
      return `.${String(parts.millisecond).padStart(3, '0')}000`;
    case '.000000000':
      return `.${String(parts.millisecond).padStart(3, '0')}000000`;
    case 'MST':
      return zone === 'UTC' ? 'UTC' : formatOffset(offsetMs, '');
    case 'Z07:00':
      return offsetMs === 0 ? 'Z' : formatOffset(offsetMs, ':');
    case 'Z0700':
      return offsetMs === 0 ? 'Z' : formatOffset(offsetMs, '');
    case '-07:00':
      return formatOffset(offsetMs, ':');
    case '-0700':
      return formatOffset(offsetMs, '');
    case '-07':
      return formatOffset(offsetMs, '').slice(0, 3);
  }
}

function formatOffset(offsetMs: number, colon: string): string {
  const minutes = Math.abs(offsetMs) / 60_000;
  return `${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${colon}${two(minutes % 60)}`;
}

/** What a text says in a layout; without a zone of its own `offsetMs` is undefined. Undefined: it does not fit. */
export function parseLayout(
  layout: string,
  text: string,
): { parts: Omit<TimeParts, 'weekday'>; offsetMs: number | undefined } | undefined {
  const parts = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 };
  let offsetMs: number | undefined;
  let afternoon: boolean | undefined;
  let rest = text;
  for (const part of split(layout)) {
    if ('literal' in part) {
      if (!rest.startsWith(part.literal)) return undefined;
      rest = rest.slice(part.literal.length);
      continue;
    }
    const found = patterns[part.element].exec(rest)?.[0];
    if (found === undefined) return undefined;
    rest = rest.slice(found.length);
    switch (part.element) {
      case '2006':
        parts.year = Number(found);
        break;
      case '06':
        parts.year = Number(found) + (Number(found) >= 69 ? 1900 : 2000);
        break;
      case 'January':
      case 'Jan':
        parts.month = months.findIndex((name) => short(name) === short(found)) + 1;
        break;
      case '01':
      case '1':
        parts.month = Number(found);
        break;
      case '02':
      case '_2':
      case '2':
        parts.day = Number(found);
        break;
      case '15':
      case '03':
      case '3':
        parts.hour = Number(found);
        break;
      case '04':
      case '4':
        parts.minute = Number(found);
        break;
      case '05':
      case '5':
        parts.second = Math.floor(Number(found));
        parts.millisecond = Math.floor((Number(found) % 1) * 1000);
        break;
      case '.000':
      case '.000000':
      case '.000000000':
        parts.millisecond = Math.floor(Number(found) * 1000);
        break;
      case 'PM':
      case 'pm':
        afternoon = found.toLowerCase() === 'pm';
        break;
      case 'MST':
        offsetMs = found === 'UTC' || found === 'GMT' ? 0 : offsetMs;
        break;
      case 'Z07:00':
      case 'Z0700':
      case '-07:00':
      case '-0700':
      case '-07':
        offsetMs = parseOffset(found);
        break;
    }
  }
  if (afternoon !== undefined) parts.hour = (parts.hour % 12) + (afternoon ? 12 : 0);
  const inRange =
    parts.month >= 1 &&
    parts.month <= 12 &&
    parts.day >= 1 &&
    parts.day <= daysIn(parts.year, parts.month) &&
    parts.hour < 24 &&
    parts.minute < 60 &&
    parts.second < 60;
  return rest === '' && inRange ? { parts, offsetMs } : undefined;
}

const daysIn = (year: number, month: number) =>
  new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

function parseOffset(text: string): number {
  if (text === 'Z') return 0;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const twoDigits = /^\d\d/;
const oneOrTwoDigits = /^\d\d?/;
const fraction = /^\.\d+/;
const patterns: Record<Element, RegExp> = {
  '2006': /^\d{4}/,
  '06': twoDigits,
  January: new RegExp(`^(${months.join('|')})`),
  Jan: new RegExp(`^(${months.map(short).join('|')})`),
  '01': twoDigits,
  '1': oneOrTwoDigits,
  '02': twoDigits,
  _2: /^ ?\d\d?/,
  '2': oneOrTwoDigits,
  Monday: new RegExp(`^(${days.join('|')})`),
  Mon: new RegExp(`^(${days.map(short).join('|')})`),
  '15': twoDigits,
  '03': twoDigits,
  '3': oneOrTwoDigits,
  '04': twoDigits,
  '4': oneOrTwoDigits,
  '05': /^\d\d(\.\d+)?/,
  '5': oneOrTwoDigits,
  PM: /^(AM|PM)/,
  pm: /^(am|pm)/,
  '.000': fraction,
  '.000000': fraction,
  '.000000000': fraction,
  MST: /^[A-Z]{3,4}/,
  'Z07:00': /^(Z|[+-]\d\d:\d\d)/,
  Z0700: /^(Z|[+-]\d{4})/,
  '-07:00': /^[+-]\d\d:\d\d/,
  '-0700': /^[+-]\d{4}/,
  '-07': /^[+-]\d\d/,
};
