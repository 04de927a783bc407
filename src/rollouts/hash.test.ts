import { describe, expect, it } from 'vitest';
import { podTemplateHash, stepsHash } from './hash.ts';
import { stepsJson } from './step-json.ts';

describe('stepsHash', () => {
  it.each([
    ['no steps', undefined, '5ffbfbbd64'],
    ['one pause', [{ pause: {} }], '6b9b86fbd5'],
    ['two pauses', [{ pause: {} }, { pause: {} }], '79c9b9f6bf'],
  ])('CAN-096 of %s is the published vector', (_name, steps, hash) => {
    expect(stepsHash(steps)).toBe(hash);
  });

  it('CAN-096 writes keys in the order of the API, keeps explicit zeros and drops what is empty', () => {
    expect(
      stepsJson([
        { pause: { duration: '1h' }, setWeight: 0 },
        { setCanaryScale: { matchTrafficWeight: false, weight: 0 } },
        { analysis: { args: [], templates: [{ clusterScope: false, templateName: 'a<b' }] } },
        { experiment: { templates: [{ specRef: 'canary', name: 'x' }] } },
        { setHeaderRoute: { match: [], name: 'r' } },
      ]),
    ).toBe(
      '[{"setWeight":0,"pause":{"duration":"1h"}},' +
        '{"setCanaryScale":{"weight":0}},' +
        '{"analysis":{"templates":[{"templateName":"a\\u003cb","clusterScope":false}]}},' +
        '{"experiment":{"templates":[{"name":"x","specRef":"canary","metadata":{}}],"analysisRunMetadata":{}}},' +
        '{"setHeaderRoute":{"name":"r"}}]',
    );
  });
});

describe('podTemplateHash', () => {
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'a', image: 'b' }] } };

  it('CAN-025 does not depend on the order of keys', () => {
    const reordered = {
      spec: { containers: [{ image: 'b', name: 'a' }] },
      metadata: { labels: { app: 'x' } },
    };
    expect(podTemplateHash(reordered)).toBe(podTemplateHash(template));
  });

  it('CAN-027 changes with the collision count', () => {
    const hashes = [undefined, 0, 1, 2].map((count) => podTemplateHash(template, count));
    expect(new Set(hashes).size).toBe(4);
    expect(hashes.every((hash) => /^[4-9bcdf]+$/.test(hash))).toBe(true);
  });
});
