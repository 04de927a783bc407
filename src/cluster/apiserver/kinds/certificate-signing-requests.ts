import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
  CertificateSigningRequestSpec,
} from 'kubernetes-types/certificates/v1.d.ts';
import { equal, type KubeObject } from '../../../api/index.ts';
import { type FieldError, Verbatim } from '../errors.ts';
import { dnsSubdomain } from '../schema/names.ts';
import { duplicate, forbidden, invalid, oneOf, required } from './checks.ts';
import { age, column, none, unset } from './columns.ts';
import { builtin } from './define.ts';
import type { Kind } from './kind.ts';

const USAGES = [
  ...['signing', 'digital signature', 'content commitment', 'key encipherment', 'key agreement'],
  ...['data encipherment', 'cert sign', 'crl sign', 'encipher only', 'decipher only', 'any', 'server auth'],
  ...['client auth', 'code signing', 'email protection', 's/mime', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'timestamping', 'ocsp signing', 'microsoft sgc', 'netscape sgc'],
];
const DECISIONS = ['Approved', 'Denied'];
const MIN_EXPIRATION_SECONDS = 600;
const SIGNER_NAME_MAX = 571;

export const certificateSigningRequests = builtin({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  package: 'io.k8s.api.certificates.v1',
  shortNames: ['csr'],
  namespaced: false,
  status: true,
  allColumns: [
    age,
    column<CertificateSigningRequest>('SignerName', 'Who is to sign.', ({ spec }) => spec.signerName || none),
    column<CertificateSigningRequest>('Requestor', 'Who asks.', ({ spec }) => spec.username ?? ''),
    column<CertificateSigningRequest>(
      'RequestedDuration',
      'How long the certificate is to last.',
      ({ spec }) => (spec.expirationSeconds === undefined ? none : shortDuration(spec.expirationSeconds)),
    ),
    column<CertificateSigningRequest>('Condition', 'What has become of it.', conditionCell),
  ],
  fields: (object) => ({ 'spec.signerName': (object as CertificateSigningRequest).spec?.signerName ?? '' }),
  // What is asked for never changes, and a decision only by the subresource for it.
  prepareForUpdate(next, old, subresource) {
    const spec = (old as CertificateSigningRequest).spec;
    if (subresource !== 'status') return { ...next, spec } as KubeObject;
    const { conditions: given = [], ...status } = (next as CertificateSigningRequest).status ?? {};
    const isDecision = ({ type }: CertificateSigningRequestCondition) => DECISIONS.includes(type);
    const conditions = [
      ...((old as CertificateSigningRequest).status?.conditions ?? []).filter(isDecision),
      ...given.filter((condition) => !isDecision(condition)),
    ];
    return { ...next, status: { ...status, ...(conditions.length > 0 && { conditions }) } } as KubeObject;
  },
  validate: (object) => validateRequest(object as CertificateSigningRequest),
  validateUpdate: (next, old) => validateDecision(decisionsOf(next), decisionsOf(old)),
});

/** The kind as its subresource `approval` updates it: nothing changes but the conditions. */
export const approvedRequests: Kind = {
  ...certificateSigningRequests,
  strategy: {
    ...certificateSigningRequests.strategy,
    prepareForUpdate: (next, old) => {
      const conditions = (next as CertificateSigningRequest).status?.conditions;
      const { status } = old as CertificateSigningRequest;
      const { managedFields } = next.metadata ?? {};
      return {
        ...old,
        metadata: { ...old.metadata, ...(managedFields && { managedFields }) },
        status: { ...status, ...(conditions && { conditions }) },
      } as KubeObject;
    },
  },
};

/** Whole days, hours, minutes or seconds, the largest unit that fits. */
function shortDuration(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)}d`;
  if (seconds >= 2 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return seconds >= 120 ? `${Math.floor(seconds / 60)}m` : `${seconds}s`;
}

function conditionCell({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) ?? false;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}` || unset;
}

function validateRequest({ spec }: CertificateSigningRequest): FieldError[] {
  const { request = '', signerName = '', usages = [], expirationSeconds } = spec ?? {};
  const errors = validateBytes(request);
  if (usages.length === 0) errors.push(required('spec.usages'));
  for (const [i, usage] of usages.entries()) {
    const field = `spec.usages[${i}]`;
    errors.push(...oneOf(field, usage, [...USAGES].sort()));
    if (usages.indexOf(usage) < i) errors.push(duplicate(field, usage));
  }
  errors.push(...validateSigner(signerName));
  if (expirationSeconds !== undefined && expirationSeconds < MIN_EXPIRATION_SECONDS) {
    const detail = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, detail));
  }
  return errors;
}

function validateBytes(request: string): FieldError[] {
  const bytes = Buffer.from(request, 'base64');
  try {
    readRequest({ request });
    return [];
  } catch (error) {
    const shown = new Verbatim(`[]byte{${[...bytes].map((byte) => `0x${byte.toString(16)}`).join(', ')}}`);
    return [invalid('spec.request', shown, (error as Error).message)];
  }
}

/** The PKCS #10 request. @throws Error when it is none */
export function readRequest({ request }: Pick<CertificateSigningRequestSpec, 'request'>) {
  const text = Buffer.from(request, 'base64').toString('utf8');
  if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----/.test(text)) {
    throw new Error('PEM block type must be CERTIFICATE REQUEST');
  }
  return new x509.Pkcs10CertificateRequest(text);
}

function validateSigner(name: string): FieldError[] {
  const field = 'spec.signerName';
  if (name === '') return [required(field)];
  const [domain = '', ...path] = name.split('/');
  const form = 'must be a fully qualified domain and path of the form "example.com/signer-name"';
  if (path.length !== 1 || !path[0] || !domain) return [invalid(field, name, form)];
  const errors = dnsSubdomain(domain).map((problem) => invalid(field, domain, problem));
  if (!domain.includes('.'))
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  errors.push(...dnsSubdomain(path[0]).map((problem) => invalid(field, path[0], problem)));
  if (name.length > SIGNER_NAME_MAX) {
    errors.push({
      type: 'FieldValueTooLong',
      field,
      value: name,
      detail: `may not be more than ${SIGNER_NAME_MAX} bytes`,
    });
  }
  return errors;
}

const decisionsOf = (object: KubeObject) =>
  ((object as CertificateSigningRequest).status?.conditions ?? []).filter(({ type }) =>
    DECISIONS.includes(type),
  );

type Conditions = readonly CertificateSigningRequestCondition[];

/** A request is approved or denied, once. */
function validateDecision(next: Conditions, old: Conditions): FieldError[] {
  const field = 'status.conditions';
  const types = (conditions: Conditions) => conditions.map(({ type }) => type).sort();
  const errors = types(old)
    .filter((type) => !types(next).includes(type))
    .map((type) => forbidden(field, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  if (!equal(types(next), types(old)) && types(next).length > 1) {
    errors.push(invalid(field, 'Denied', 'Approved and Denied conditions are mutually exclusive'));
  }
  return errors;
}
