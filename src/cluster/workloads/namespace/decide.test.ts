import { describe, expect, it } from 'vitest';
import { ConfigMaps, Pods } from '../../../api/index.ts';
import { ago, NOW } from '../testing/objects.ts';
import { decideNamespace, type NamespaceView } from './decide.ts';

const deleted = { metadata: { name: 'a', deletionTimestamp: ago(1) }, spec: { finalizers: ['kubernetes'] } };
const decide = (view: Partial<NamespaceView>) =>
  decideNamespace({ namespace: deleted, contents: [], failures: [], ...view }, NOW);

describe('a namespace', () => {
  it('in use is left alone', () => {
    const contents = [{ type: Pods, count: 3, finalizers: [] }];
    expect(decide({ namespace: { metadata: { name: 'a' } }, contents })).toMatchObject({
      empty: [],
      finalize: false,
    });
  });

  it('that is deleted loses its pods first, then the rest, then goes', () => {
    const contents = [
      { type: ConfigMaps, count: 2, finalizers: [] },
      { type: Pods, count: 1, finalizers: [] },
    ];
    expect(decide({ contents })).toMatchObject({ empty: [Pods], finalize: false, wakeAt: NOW + 500 });
    expect(decide({ contents: contents.slice(0, 1) })).toMatchObject({
      empty: [ConfigMaps],
      finalize: false,
    });
    expect(decide({ contents: [{ type: Pods, count: 0, finalizers: [] }] })).toMatchObject({
      empty: [],
      finalize: true,
    });
  });

  it('says what is left, and what keeps it', () => {
    const { status } = decide({
      contents: [{ type: ConfigMaps, count: 3, finalizers: ['x/y', 'a/b', 'x/y'] }],
    });
    expect(status?.conditions?.map(({ type, status: is, message }) => [type, is, message])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'All resources successfully discovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'All legacy kube types successfully parsed'],
      [
        'NamespaceDeletionContentFailure',
        'False',
        'All content successfully deleted, may be waiting on finalization',
      ],
      [
        'NamespaceContentRemaining',
        'True',
        'Some resources are remaining: configmaps. has 3 resource instances',
      ],
      [
        'NamespaceFinalizersRemaining',
        'True',
        'Some content in the namespace has finalizers remaining: a/b in 1 resource instances, x/y in 2 resource instances',
      ],
    ]);
  });

  it('does not go while it cannot be seen whether it is empty', () => {
    const { finalize, status } = decide({ failures: [{ type: ConfigMaps, message: 'the server is down' }] });
    expect(finalize).toBe(false);
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({
        status: 'True',
        reason: 'ContentDeletionFailed',
        message: 'configmaps.: the server is down',
      }),
    );
  });

  it('keeps the time at which a condition became so', () => {
    const first = decide({}).status;
    const later = decideNamespace(
      { namespace: { ...deleted, status: first! }, contents: [], failures: [] },
      NOW + 60_000,
    );
    expect(later.status).toEqual(first);
  });
});
