import { type Environment, Optional } from '@marcbachmann/cel-js';
import { hasFormat } from '../formats.ts';
import { dnsLabel, dnsLabel1035, dnsSubdomain, labelValue, qualifiedName } from '../names.ts';

class Formats {}

class NamedFormat {
  readonly problems: (text: string) => string[];

  constructor(problems: (text: string) => string[]) {
    this.problems = problems;
  }
}

/** A name that only begins: what is generated after it makes it whole. */
const prefix = (rule: (text: string) => string[]) => (text: string) => rule(text.replace(/-$/, 'a'));
const openApi = (format: string) => (text: string) =>
  hasFormat(text, format) ? [] : [`${text} in body must be of type ${format}: ${JSON.stringify(text)}`];

const formats: Record<string, (text: string) => string[]> = {
  dns1123Label: dnsLabel,
  dns1123Subdomain: dnsSubdomain,
  dns1035Label: dnsLabel1035,
  dns1123LabelPrefix: prefix(dnsLabel),
  dns1123SubdomainPrefix: prefix(dnsSubdomain),
  dns1035LabelPrefix: prefix(dnsLabel1035),
  qualifiedName,
  labelValue,
  uri: openApi('uri'),
  uuid: openApi('uuid'),
  byte: openApi('byte'),
  date: openApi('date'),
  datetime: openApi('datetime'),
};

const FORMATS = 'kubernetes.Formats';
const FORMAT = 'kubernetes.NamedFormat';

/** The names that Kubernetes knows, as in `!format.dns1123Label().validate(self).hasValue()`. */
export function registerFormats(environment: Environment): void {
  environment
    .registerType(FORMATS, Formats)
    .registerType(FORMAT, NamedFormat)
    .registerConstant('format', FORMATS, new Formats())
    .registerFunction(`${FORMATS}.named(string): optional<${FORMAT}>`, (_: Formats, name: string) => {
      const rule = Object.hasOwn(formats, name) ? formats[name] : undefined;
      return rule ? Optional.of(new NamedFormat(rule)) : Optional.none();
    })
    .registerFunction(
      `${FORMAT}.validate(string): optional<list<string>>`,
      ({ problems }: NamedFormat, text: string) => {
        const found = problems(text);
        return found.length > 0 ? Optional.of(found) : Optional.none();
      },
    );
  for (const [name, rule] of Object.entries(formats)) {
    const format = new NamedFormat(rule);
    environment.registerFunction(`${FORMATS}.${name}(): ${FORMAT}`, () => format);
  }
}
