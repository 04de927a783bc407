/**
 * Kubernetes' rules for names, label keys and values, with its texts. Each function answers the problems found, none for
 * a good name.
 */

/** The sentence of a refused pattern; examples are separated as Kubernetes does. */
function patternError(sentence: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}'`).join(',  or ');
  return `${sentence} (e.g. ${list}, regex used for validation is '${pattern}')`;
}

const tooLong = (limit: number) => `must be no more than ${limit} characters`;

function checker(limit: number, pattern: string, sentence: string, ...examples: string[]) {
  const whole = new RegExp(`^(?:${pattern})$`);
  return (value: string): string[] => [
    ...(Buffer.byteLength(value) > limit ? [tooLong(limit)] : []),
    ...(whole.test(value) ? [] : [patternError(sentence, pattern, ...examples)]),
  ];
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** A name in a domain name: pods, config maps, most others. */
export const dnsSubdomain = checker(
  253,
  `${label}(\\.${label})*`,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  'example.com',
);

/** The name of a namespace: a label, of which Kubernetes always tells the pattern. */
export const namespaceName = checker(
  63,
  label,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  'my-name',
  '123-abc',
);

/** One label of a domain name: namespaces, containers, volumes. A good name of several labels has too many. */
export function dnsLabel(value: string): string[] {
  const problems = namespaceName(value);
  const several = value.includes('.') && dnsSubdomain(value).length === 0;
  return several ? [...problems.slice(0, -1), 'must not contain dots'] : problems;
}

/** A label that starts with a letter: services. */
export const dnsLabel1035 = checker(
  63,
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
);

const underscored = checker(
  253,
  '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*',
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  'example.com',
);

/** Where names are looked for: a domain, also the root, and also with a dot at its end. */
export const searchDomain = (value: string): string[] =>
  value === '.' ? [] : underscored(value.replace(/\.$/, ''));

export const wildcardSubdomain = checker(
  253,
  `\\*\\.${label}(\\.${label})*`,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  '*.example.com',
);

export const labelValue = checker(
  63,
  '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?',
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  'MyValue',
  'my_value',
  '12345',
);

const qualifiedPart = checker(
  63,
  '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  'MyName',
  'my.name',
  '123-abc',
);

/** A label or annotation key: a name, with a domain as prefix or without. */
export function qualifiedName(value: string): string[] {
  const parts = value.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) {
    return [
      patternError(
        "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
        'MyName',
        'my.name',
        '123-abc',
      ).concat(" with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"),
    ];
  }
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dnsSubdomain(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  return [
    ...problems,
    ...qualifiedPart(name).filter((problem) => name !== '' || !problem.includes('no more')),
  ];
}

export const configMapKey = checker(
  253,
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  'key.name',
  'KEY_NAME',
  'key-name',
);

/** The name of a variable, of which programs may have their own ideas. */
export const environmentName = (value: string): string[] =>
  /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

export const httpHeaderName = checker(
  Number.POSITIVE_INFINITY,
  '[-A-Za-z0-9]+',
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  'X-Header-Name',
);

/** The name of a port: a service name of IANA. */
export function portName(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 15) problems.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function portNumber(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65535
    ? []
    : ['must be between 1 and 65535, inclusive'];
}

/** A name that may stand in a URL path: RBAC objects. */
export function pathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}
