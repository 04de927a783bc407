import { describe, expect, it } from 'vitest';
import { type Effect, Pods } from '../../../api/index.ts';
import { ApiError, type Writer } from '../../../kube/index.ts';
import { act, batches, EffectError } from './act.ts';

const ref = (name: string) => ({ type: Pods, namespace: 'a', name });
const create = (name: string): Effect => ({
  kind: 'create',
  what: `create ${name}`,
  ref: ref(name),
  object: { metadata: { name } },
});
const remove = (name: string): Effect => ({ kind: 'delete', what: `delete ${name}`, ref: ref(name) });
const patch = (name: string): Effect => ({ kind: 'patch', what: `patch ${name}`, ref: ref(name), patch: {} });
const many = (count: number, make: (name: string) => Effect) =>
  Array.from({ length: count }, (_, i) => make(`p${i}`));

describe('effects', () => {
  it('that create are tried in batches that double, those that delete together, patches one by one', () => {
    expect(batches(many(10, create)).map((batch) => batch.length)).toEqual([1, 2, 4, 3]);
    expect(batches(many(40, remove)).map((batch) => batch.length)).toEqual([32, 8]);
    expect(batches(many(3, patch)).map((batch) => batch.length)).toEqual([1, 1, 1]);
    const mixed = [patch('a'), create('b'), create('c'), remove('d'), create('e')];
    expect(batches(mixed).map((batch) => batch.map((effect) => effect.ref.name).join(''))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
  });

  it('stop at the first that fails, which asks a quota that is used up only once', async () => {
    const asked: string[] = [];
    const done: string[] = [];
    const writer = {
      async create(_type: unknown, object: { metadata?: { name?: string } }) {
        asked.push(object.metadata?.name ?? '');
        throw new ApiError(403, 'Forbidden', 'exceeded quota');
      },
    } as unknown as Writer;
    const error = await act(writer, many(100, create), (effect) => done.push(effect.what)).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(EffectError);
    expect(error).toMatchObject({
      message: 'cannot create p0: exceeded quota',
      effect: { ref: { name: 'p0' } },
    });
    expect([asked, done]).toEqual([['p0'], []]);
  });
});
