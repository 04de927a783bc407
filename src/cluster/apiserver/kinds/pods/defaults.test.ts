import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { describe, expect, it } from 'vitest';
import { defaultPod } from './defaults.ts';

const pullPolicy = (image: string) =>
  defaultPod({ spec: { containers: [{ name: 'a', image }] } }).spec?.containers[0]?.imagePullPolicy;

describe('what is filled into a pod', () => {
  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['localhost:5000/team/app', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['localhost:5000/team/app:v1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
    ['Not_an_image!', 'IfNotPresent'],
    ['-x', 'IfNotPresent'],
  ])('an image %s is pulled %s', (image, policy) => {
    expect(pullPolicy(image)).toBe(policy);
  });

  it('references to fields and resources say in which version and unit', () => {
    const resourceFieldRef = { containerName: 'a', resource: 'limits.cpu' };
    const items = [
      { path: 'a', fieldRef: { fieldPath: 'metadata.name' } },
      { path: 'b', resourceFieldRef },
    ];
    const pod: Pod = {
      spec: {
        containers: [{ name: 'a', env: [{ name: 'A', valueFrom: { resourceFieldRef } }] }],
        volumes: [
          { name: 'd', downwardAPI: { items } },
          { name: 'p', projected: { sources: [{ downwardAPI: { items } }] } },
        ],
      },
    };
    const { containers, volumes } = defaultPod(pod).spec!;
    const filled = [
      { path: 'a', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
      { path: 'b', resourceFieldRef: { divisor: '0', ...resourceFieldRef } },
    ];
    expect(containers[0]?.env?.[0]?.valueFrom).toEqual({
      resourceFieldRef: { divisor: '0', ...resourceFieldRef },
    });
    expect(volumes?.[0]?.downwardAPI?.items).toEqual(filled);
    expect(volumes?.[1]?.projected?.sources?.[0]?.downwardAPI?.items).toEqual(filled);
  });

  it('volumes get what their kind needs', () => {
    const volumeClaimTemplate = { spec: { accessModes: ['ReadWriteOnce'] } };
    const pod: Pod = {
      spec: {
        containers: [],
        volumes: [
          { name: 'i', iscsi: { targetPortal: 'a', iqn: 'b', lun: 0 } },
          { name: 'e', ephemeral: { volumeClaimTemplate } },
        ],
      },
    };
    const [iscsi, ephemeral] = defaultPod(pod).spec?.volumes ?? [];
    expect(iscsi?.iscsi?.iscsiInterface).toBe('default');
    expect(ephemeral?.ephemeral?.volumeClaimTemplate?.spec.volumeMode).toBe('Filesystem');
  });
});
