import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '../testing/client.ts';

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
});

afterAll(() => api?.stop());

it('names quantities, and what is a number or text', async () => {
  const { body } = await api.send('GET /openapi/v3/api/v1');
  const { schemas } = body.components;
  expect(schemas['io.k8s.api.core.v1.ResourceRequirements'].properties.limits.additionalProperties).toEqual({
    $ref: `#/components/schemas/${QUANTITY}`,
  });
  expect(schemas['io.k8s.api.core.v1.ServicePort'].properties.targetPort).toEqual({
    description: expect.any(String),
    allOf: [{ $ref: `#/components/schemas/${INT_OR_STRING}` }],
  });
  expect(schemas['io.k8s.api.core.v1.Pod']).toMatchObject({
    description: expect.stringMatching(/^Pod is a collection of containers/),
    properties: {
      spec: { description: 'PodSpec is a description of a pod.', allOf: [{ $ref: expect.any(String) }] },
    },
  });
  expect(schemas[QUANTITY]).toEqual({ oneOf: [{ type: 'string' }, { type: 'number' }] });
});

it('has them as text in version 2, which knows no alternatives', async () => {
  const { definitions } = (await api.send('GET /openapi/v2')).body;
  expect(definitions[QUANTITY]).toEqual({ type: 'string' });
  expect(definitions[INT_OR_STRING]).toEqual({ type: 'string', format: 'int-or-string' });
});

it('is there in protobuf for kubectl, which takes version 2 in nothing else', async () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const { headers, body } = await api.send('GET /openapi/v2', { accept });
  expect(headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  expect(body.slice(0, 5)).toBe('\n\u00032.0');
  expect(body).toContain('io.k8s.api.core.v1.ConfigMap');
  const again = await api.send('GET /openapi/v2', { accept, headers: { 'if-none-match': headers.etag! } });
  expect(again.status).toBe(304);
});

it('refers to nothing that it does not define', async () => {
  const { paths } = (await api.send('GET /openapi/v3')).body as { paths: Record<string, unknown> };
  for (const name of Object.keys(paths)) {
    const { body } = await api.send(`GET /openapi/v3/${name}`);
    const refs = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, ref]) => ref!,
    );
    expect(Object.keys(body.components.schemas), name).toEqual(expect.arrayContaining([...new Set(refs)]));
  }
});
