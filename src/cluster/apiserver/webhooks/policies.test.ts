import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const MAPS = '/api/v1/namespaces/default/configmaps';

let api: TestServer;

beforeEach(async () => {
  api = await TestServer.start();
});

afterEach(() => api.stop());

const rules = [
  { operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
];

async function bind(policy: object, binding: object = {}): Promise<void> {
  const made = [
    await api.send(`POST ${ADMISSION}/validatingadmissionpolicies`, {
      body: { metadata: { name: 'policy' }, spec: { matchConstraints: { resourceRules: rules }, ...policy } },
    }),
    await api.send(`POST ${ADMISSION}/validatingadmissionpolicybindings`, {
      body: {
        metadata: { name: 'binding' },
        spec: { policyName: 'policy', validationActions: ['Deny'], ...binding },
      },
    }),
  ];
  for (const { status, body, headers } of made) {
    expect(status, body.message).toBe(201);
    expect(headers.warning).toBeUndefined();
  }
}

const create = (name: string, data: object = {}, labels?: object) =>
  api.send(`POST ${MAPS}`, { body: { metadata: { name, labels }, data } });

describe('a validating admission policy', () => {
  it('denies what breaks it, in the words of kube-apiserver', async () => {
    await bind({ validations: [{ expression: "object.data.size() < 2 && 'a' in object.data" }] });
    expect((await create('good', { a: '1' })).status).toBe(201);
    const { status, body } = await create('bad', { b: '1' });
    expect(status).toBe(422);
    const text =
      "ValidatingAdmissionPolicy 'policy' with binding 'binding' denied request: " +
      "failed expression: object.data.size() < 2 && 'a' in object.data";
    expect(body).toMatchObject({
      message: `configmaps "bad" is forbidden: ${text}`,
      reason: 'Invalid',
      details: { name: 'bad', kind: 'configmaps', causes: [{ message: text }] },
    });
    expect((await api.send(`GET ${MAPS}/bad`)).status).toBe(404);
    expect((await api.send(`DELETE ${MAPS}/good`)).status).toBe(200);
  });

  it('says why with variables, messages and reasons of its own', async () => {
    await bind({
      variables: [
        { name: 'keys', expression: 'object.data.size()' },
        { name: 'tooMany', expression: 'variables.keys > 1' },
      ],
      validations: [
        {
          expression: '!variables.tooMany',
          messageExpression: "'there are ' + string(variables.keys) + ' for ' + request.userInfo.username",
          reason: 'Forbidden',
        },
      ],
    });
    const { status, body } = await create('bad', { a: '1', b: '2' });
    expect(status).toBe(403);
    expect(body.message).toContain('denied request: there are 2 for kubernetes-admin');
  });

  it('must be one that can be read', async () => {
    const { status, body } = await api.send(`POST ${ADMISSION}/validatingadmissionpolicies`, {
      body: {
        metadata: { name: 'policy' },
        spec: {
          matchConstraints: { resourceRules: rules },
          validations: [{ expression: 'object.data.size( > 1' }],
        },
      },
    });
    expect(status).toBe(422);
    expect(body.message).toMatch(
      /spec\.validations\[0\]\.expression: Invalid value: "object\.data\.size\( > 1": compilation failed: /,
    );
  });

  it('takes parameters from objects', async () => {
    await api.send('POST /api/v1/namespaces', { body: { metadata: { name: 'other' } } });
    await api.send('POST /api/v1/namespaces/other/configmaps', {
      body: { metadata: { name: 'limits' }, data: { most: '1' } },
    });
    await bind(
      {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        validations: [{ expression: 'object.data.size() <= int(params.data.most)', message: 'too many' }],
      },
      { paramRef: { name: 'limits', namespace: 'other', parameterNotFoundAction: 'Deny' } },
    );
    expect((await create('good', { a: '1' })).status).toBe(201);
    expect((await create('bad', { a: '1', b: '1' })).body.message).toContain('denied request: too many');
    await api.send('DELETE /api/v1/namespaces/other/configmaps/limits');
    expect((await create('c', { a: '1' })).body.message).toContain('no params found for policy binding');
  });

  it('only warns where its binding says so, and concerns what it selects', async () => {
    await bind(
      {
        validations: [{ expression: 'false', message: 'never' }],
        matchConditions: [{ name: 'a', expression: "'a' in object.data" }],
      },
      { validationActions: ['Warn'], matchResources: { objectSelector: { matchLabels: { judge: 'yes' } } } },
    );
    const warning = async (name: string, data: object, labels?: object) =>
      (await create(name, data, labels)).headers.warning;
    expect(await warning('a', { a: '1' })).toBeUndefined();
    expect(await warning('b', { b: '1' }, { judge: 'yes' })).toBeUndefined();
    expect(await warning('c', { a: '1' }, { judge: 'yes' })).toContain(
      "Validation failed for ValidatingAdmissionPolicy 'policy' with binding 'binding': never",
    );
  });

  it('that cannot be judged denies, or lets pass, as it says', async () => {
    await bind({ validations: [{ expression: 'object.data.missing == "x"' }] });
    const refused = await create('a', { a: '1' });
    expect(refused.body.message).toContain(
      `expression 'object.data.missing == "x"' resulted in error: No such key`,
    );
    await api.send(`PATCH ${ADMISSION}/validatingadmissionpolicies/policy`, {
      body: { spec: { failurePolicy: 'Ignore' } },
      type: 'application/merge-patch+json',
    });
    expect((await create('a', { a: '1' })).status).toBe(201);
  });
});
