import { describe, expect, it } from 'vitest';
import { builtinNames } from '../../../api/kubernetes/index.ts';
import { descriptionsOf, parseDeclaration } from './descriptions.ts';

describe('descriptionsOf', () => {
  it('knows every built-in type', () => {
    expect(builtinNames.filter((name) => !descriptionsOf(name).type)).toEqual([]);
  });

  it('tells types of the same name apart', () => {
    const [core, events] = ['core', 'events'].map((group) => descriptionsOf(`io.k8s.api.${group}.v1.Event`));
    expect(core?.fields.has('message')).toBe(true);
    expect(events?.fields.has('note')).toBe(true);
  });

  it('is silent of what it does not know', () => {
    expect(descriptionsOf('io.example.v1.Widget').fields.size).toBe(0);
  });
});

describe('parseDeclaration', () => {
  it('reads the comments of the class and of its fields', () => {
    const text = [
      '/**\n * Kubernetes\n *\n * two lines\n */',
      "import { V1A } from './V1A.js';",
      '/**\n* A \\"thing\\" of \\\'*_/5\\\'.\n*/',
      'export declare class V1Thing {',
      "    /**\n    * What it is by default.\n    */\n    '_default'?: string;",
      "    'bare'?: V1A;",
      '}',
    ].join('\n');
    expect(parseDeclaration(text)).toEqual({
      type: 'A "thing" of \'*/5\'.',
      fields: new Map([['default', 'What it is by default.']]),
    });
  });
});
