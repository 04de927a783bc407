import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
  await api.send(`POST ${MAPS}`, { body: { metadata: { name: 'a' }, data: { text: 'yes' } } });
});
afterAll(() => api.stop());

describe('refuses in the words of kube-apiserver', () => {
  it.each([
    ['GET', `${MAPS}?limit=x`, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['GET', `${MAPS}?limit=`, 400, 'strconv.ParseInt: parsing "": invalid syntax'],
    [
      'GET',
      `${MAPS}?limit=9223372036854775808`,
      400,
      'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    [
      'GET',
      `${MAPS}?timeout=5`,
      400,
      'invalid timeout specified in the request URL - time: missing unit in duration "5"',
    ],
    ['GET', '/api/v1/configmaps/a', 404, 'the server could not find the requested resource'],
    ['GET', `${MAPS}?timeoutSeconds=1h`, 400, 'strconv.ParseInt: parsing "1h": invalid syntax'],
    [
      'GET',
      `${MAPS}?resourceVersion=x`,
      400,
      'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      'GET',
      `${MAPS}/a?resourceVersion=-1`,
      500,
      'resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    ['GET', `${MAPS}?fieldSelector=%20`, 400, "invalid selector: ' '; can't understand ' '"],
    [
      'GET',
      `${MAPS}?fieldSelector=metadata.name%3Da%3Db`,
      400,
      'invalid field selector: unescaped character in value: 61',
    ],
    [
      'GET',
      `${MAPS}?fieldSelector=metadata.name%3D%5Cx`,
      400,
      'invalid field selector: invalid escape sequence: \\x',
    ],
    ['GET', `${MAPS}?labelSelector=!x%3Da`, 400, "found '=', expected: ',' or 'end of string'"],
    [
      'GET',
      `${MAPS}?watch=1&resourceVersionMatch=Exact`,
      422,
      'ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
    [
      'GET',
      `${MAPS}?sendInitialEvents=true`,
      422,
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
    ],
    [
      'GET',
      `${MAPS}?includeObject=Some`,
      400,
      `Unable to convert to Table as requested: includeObject: Invalid value: "Some": must be 'Metadata', 'Object', 'None', or empty`,
    ],
    [
      'GET',
      `${MAPS}?watch=true&includeObject=Some`,
      400,
      `Unable to convert to Table as requested: includeObject: Invalid value: "Some": must be 'Metadata', 'Object', 'None', or empty`,
    ],
    [
      'POST',
      `${MAPS}?dryRun=Some`,
      422,
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    ],
    [
      'POST',
      `${MAPS}?fieldManager=a%01`,
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\x01": invalid character U+0001 (at position 1)',
    ],
    ['DELETE', `${MAPS}/a?gracePeriodSeconds=x`, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ])('%s %s', async (method, url, status, message) => {
    const body = method === 'POST' ? { metadata: { name: 'b' } } : undefined;
    const answer = await api.send(`${method} ${url}`, { accept: TABLE, ...(body && { body }) });
    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });

  it.each([
    [{ metadata: {} }, 'the name of the object (zz based on URL) was undeterminable: name must be provided'],
    [{ metadata: { name: 'a' } }, 'the name of the object (a) does not match the name on the URL (zz)'],
    [
      { metadata: { name: 'zz', namespace: 'other' } },
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
  ])('PUT of %j, whether there is such an object or not', async (body, message) => {
    const answer = await api.send(`PUT ${MAPS}/zz`, { body });
    expect([answer.status, answer.body.message]).toEqual([400, message]);
  });

  it.each([
    [{ kind: 'Pod', apiVersion: 'v1' }, /^no kind "Pod" is registered for version "v1" in scheme/],
    ['{', /^couldn't get version\/kind; json parse error: unexpected end of JSON input$/],
    [[], /json: cannot unmarshal array into Go value of type struct/],
    [
      { gracePeriodSeconds: 'a' },
      /^json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64$/,
    ],
    [
      { dryRun: 'All' },
      /^json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type \[\]string$/,
    ],
  ])('options of a deletion that are something else: %j', async (options, message) => {
    const { status, body } = await api.send(`DELETE ${MAPS}/a`, { body: options });
    expect([status, body.message]).toEqual([500, expect.stringMatching(message)]);
    expect((await api.send(`GET ${MAPS}/a`)).status).toBe(200);
  });

  it.each([
    ['dryRun=', 422],
    ['gracePeriodSeconds=', 400],
    ['uid=other', 409],
    ['resourceVersion=1', 409],
  ])('a deletion with %s in its query', async (query, status) => {
    expect((await api.send(`DELETE ${MAPS}/a?${query}`)).status).toBe(status);
    expect((await api.send(`GET ${MAPS}/a`)).status).toBe(200);
  });

  it.each([
    ['merge-patch+json', '{', 'error decoding patch: unexpected end of JSON input'],
    ['merge-patch+json', 'null', 'Invalid JSON Patch'],
    [
      'merge-patch+json',
      '[]',
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    ['strategic-merge-patch+json', '{}x', "invalid character 'x' after top-level value"],
    [
      'json-patch+json',
      '{}',
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    ['apply-patch+yaml', '{"kind": "Pod", "apiVersion": "v1"}', 'invalid object type: /v1, Kind=Pod'],
    ['apply-patch+yaml', 'data: {}', 'invalid object type: /, Kind='],
    [
      'apply-patch+yaml',
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"namespace":"other"}}',
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'apply-patch+yaml',
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"managedFields":[]}}',
      'metadata.managedFields must be nil',
    ],
  ])('%s of %s', async (type, body, message) => {
    const manager = type.startsWith('apply') ? '?fieldManager=t' : '';
    const answer = await api.send(`PATCH ${MAPS}/a${manager}`, { type: `application/${type}`, body });
    expect([answer.status, answer.body.message]).toEqual([400, message]);
  });
});

describe('writes for readers', () => {
  it('JSON in lines for people, and for programs in one', async () => {
    const lines = async (url: string, agent: string) => {
      const incoming = await api.open(`GET ${url}`, { headers: { 'user-agent': agent } });
      let text = '';
      for await (const chunk of incoming) text += chunk;
      return text.split('\n').length;
    };
    expect(await lines(`${MAPS}/a`, 'curl/8.5.0')).toBeGreaterThan(10);
    expect(await lines(`${MAPS}/a?pretty=false`, 'curl/8.5.0')).toBe(2);
    expect(await lines(`${MAPS}/a`, 'kubectl/v1.34')).toBe(2);
    expect(await lines(`${MAPS}/a?pretty=true`, 'kubectl/v1.34')).toBeGreaterThan(10);
  });

  it('YAML so that text stays text for every reader', async () => {
    const { body } = await api.send(`GET ${MAPS}/a`, { accept: 'application/yaml' });
    expect(body).toContain('text: "yes"\n');
    expect(body).toMatch(/creationTimestamp: "20.*Z"\n/);
    expect(body).toMatch(/managedFields:\n {2}- apiVersion: v1\n/);
  });
});
