import { isIP } from 'node:net';
import type { PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { FieldError } from '../../errors.ts';
import { dnsSubdomain, searchDomain } from '../../schema/names.ts';
import { check, invalid, oneOf, required } from '../checks.ts';

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const NO_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** What Kubernetes refuses of how a pod resolves names. */
export function validateNames(
  { dnsPolicy, dnsConfig, hostAliases = [] }: PodSpec,
  field: string,
): FieldError[] {
  const at = `${field}.dnsConfig`;
  const errors = oneOf(`${field}.dnsPolicy`, dnsPolicy, POLICIES);
  if (dnsPolicy === 'None' && !dnsConfig) {
    errors.push(required(at, 'must provide `dnsConfig` when `dnsPolicy` is None'));
  }
  if (dnsConfig) errors.push(...validateResolver(dnsConfig, at, dnsPolicy === 'None'));
  for (const [i, { ip = '', hostnames = [] }] of hostAliases.entries()) {
    const alias = `${field}.hostAliases[${i}]`;
    if (isIP(ip) === 0) errors.push(invalid(`${alias}.ip`, ip, NO_ADDRESS));
    for (const [j, name] of hostnames.entries()) {
      errors.push(...check(`${alias}.hostnames[${j}]`, name, dnsSubdomain));
    }
  }
  return errors;
}

function validateResolver(
  { nameservers = [], searches = [], options = [] }: NonNullable<PodSpec['dnsConfig']>,
  field: string,
  isAlone: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const servers = `${field}.nameservers`;
  if (isAlone && nameservers.length === 0) {
    errors.push(required(servers, 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  if (nameservers.length > NAMESERVERS_MAX) {
    errors.push(invalid(servers, nameservers, `must not have more than ${NAMESERVERS_MAX} nameservers`));
  }
  for (const [i, server] of nameservers.entries()) {
    if (isIP(server) === 0) errors.push(invalid(`${servers}[${i}]`, server, NO_ADDRESS));
  }
  if (searches.length > SEARCHES_MAX) {
    const detail = `must not have more than ${SEARCHES_MAX} search paths`;
    errors.push(invalid(`${field}.searches`, searches, detail));
  }
  for (const [i, search] of searches.entries()) {
    errors.push(...check(`${field}.searches[${i}]`, search, searchDomain));
  }
  for (const [i, { name }] of options.entries()) {
    if (!name) errors.push(required(`${field}.options[${i}]`, 'must not be empty'));
  }
  return errors;
}
