import { isIP } from 'node:net';

const durationUnit = '(?:ns|us|µs|μs|ms|s|m|h)';
const patterns: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  'date-time-micro': /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  datetime: /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  duration: new RegExp(
    `^[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)${durationUnit}(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)${durationUnit})*$|^[+-]?0$`,
  ),
  email: /^[^@\s]+@[^@\s]+$/,
  hostname:
    /^(?=.{1,253}$)[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid3: /^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  uuid4: /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  uuid5: /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i,
  mac: /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i,
};

const checks: Record<string, (text: string) => boolean> = {
  ipv4: (text) => isIP(text) === 4,
  ipv6: (text) => isIP(text) === 6,
  cidr: (text) => isIP(text.split('/')[0] ?? '') > 0 && /\/\d{1,3}$/.test(text),
  uri: (text) => URL.canParse(text),
};

/** Whether text is of a format of OpenAPI or Kubernetes; formats that are not known accept everything. */
export function hasFormat(text: string, format: string): boolean {
  const check = checks[format];
  if (check) return check(text);
  const pattern = patterns[format];
  if (!pattern) return true;
  return (
    pattern.test(text) && (!format.startsWith('date') || !Number.isNaN(Date.parse(text.replace(' ', 'T'))))
  );
}
