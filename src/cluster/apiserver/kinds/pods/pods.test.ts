import { describe, expect, it } from 'vitest';
import { created, kindOf, texts, updated } from '../testing.ts';
import { podReason } from './columns.ts';

const pods = kindOf('pods');
const pod = (spec: object = {}, status?: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'main', image: 'registry.example/app:1' }], ...spec },
  ...(status && { status }),
});

describe('pods', () => {
  it('get the defaults of a real server', () => {
    expect(created(pods, pod())).toMatchObject({
      spec: {
        containers: [
          {
            name: 'main',
            image: 'registry.example/app:1',
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
        enableServiceLinks: true,
      },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    });
  });

  it('get defaults for probes, ports, references and volumes', () => {
    const main = {
      name: 'main',
      image: 'registry.example/app@sha256:00',
      ports: [{ containerPort: 80 }],
      env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
      livenessProbe: { httpGet: { port: 80 } },
      resources: { limits: { cpu: 1 }, requests: { memory: '1024Mi' } },
    };
    const volumes = [{ name: 'c', configMap: { name: 'c' } }, { name: 'none' }];
    const { spec, status } = created(pods, pod({ containers: [main], volumes })) as unknown as ReturnType<
      typeof pod
    >;
    expect(spec).toMatchObject({
      containers: [
        {
          imagePullPolicy: 'IfNotPresent',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          env: [{ valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } }],
          livenessProbe: {
            httpGet: { path: '/', port: 80, scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: { limits: { cpu: '1' }, requests: { cpu: '1', memory: '1Gi' } },
        },
      ],
      volumes: [
        { name: 'c', configMap: { name: 'c', defaultMode: 420 } },
        { name: 'none', emptyDir: {} },
      ],
    });
    expect(status).toMatchObject({ qosClass: 'Burstable' });
  });

  it.each([
    ['app', 'Always'],
    ['app:latest', 'Always'],
    ['registry.example:5000/app', 'Always'],
    ['registry.example:5000/app:1', 'IfNotPresent'],
    ['app@sha256:00', 'IfNotPresent'],
  ])('%s is pulled %s', (image, policy) => {
    const object = created(pods, pod({ containers: [{ name: 'main', image }] }));
    expect(object).toMatchObject({ spec: { containers: [{ imagePullPolicy: policy }] } });
  });

  it('are refused as a real server refuses them', () => {
    const bad = pod({
      containers: [
        {
          name: 'A_B',
          image: 'x',
          ports: [
            { containerPort: 70_000, name: 'a' },
            { containerPort: 1, name: 'a' },
          ],
          volumeMounts: [{ name: 'nosuch', mountPath: '/x' }],
        },
        { name: 'dup', image: '', imagePullPolicy: 'Perhaps' },
        {
          name: 'dup',
          image: 'x',
          env: [{ name: '1=2' }],
          resources: { requests: { cpu: '2' }, limits: { cpu: '1' } },
        },
      ],
      restartPolicy: 'Sometimes',
      dnsPolicy: 'Nosuch',
    });
    const fields = pods.strategy.validate?.(created(pods, bad)).map(({ field, type }) => `${field} ${type}`);
    expect(fields).toEqual([
      'spec.containers[0].name FieldValueInvalid',
      'spec.containers[0].ports[0].containerPort FieldValueInvalid',
      'spec.containers[0].ports[1].name FieldValueDuplicate',
      'spec.containers[0].volumeMounts[0].name FieldValueNotFound',
      'spec.containers[1].image FieldValueRequired',
      'spec.containers[1].imagePullPolicy FieldValueNotSupported',
      'spec.containers[2].name FieldValueDuplicate',
      'spec.containers[2].env[0].name FieldValueInvalid',
      'spec.containers[2].resources.requests FieldValueInvalid',
      'spec.restartPolicy FieldValueNotSupported',
      'spec.dnsPolicy FieldValueNotSupported',
    ]);
  });

  it('need containers, and probes one handler', () => {
    expect(texts(pods.strategy.validate?.(created(pods, { spec: {} })))).toEqual([
      'spec.containers Required',
    ]);
    const probes = [{}, { exec: { command: ['a'] }, tcpSocket: { port: 1 } }];
    for (const readinessProbe of probes) {
      const object = created(pods, pod({ containers: [{ name: 'a', image: 'x', readinessProbe }] }));
      expect(pods.strategy.validate?.(object)).toHaveLength(1);
    }
  });

  it('may change their image, nothing else; and are bound once', () => {
    const old = created(pods, pod());
    const change = (spec: object) => {
      const next = updated(pods, old, { ...old, spec: { ...(old.spec as object), ...spec } });
      return texts(pods.strategy.validateUpdate?.(next, old, undefined));
    };
    expect(
      change({ containers: [{ ...pod().spec.containers[0], image: 'registry.example/app:2' }] }),
    ).toEqual([]);
    expect(change({ nodeName: 'n' })).toEqual([]);
    expect(change({ restartPolicy: 'Never' })).toEqual([
      expect.stringMatching(/^spec Forbidden pod updates may not change .*; changed: restartPolicy$/),
    ]);
  });

  it('take metadata along with their status, and keep their spec and class', () => {
    const old = created(pods, pod());
    const next = updated(
      pods,
      old,
      { ...old, metadata: { ...old.metadata, labels: { a: '1' } }, spec: {}, status: { phase: 'Running' } },
      'status',
    );
    expect(next).toEqual({
      ...old,
      metadata: { ...old.metadata, labels: { a: '1' } },
      status: { phase: 'Running', qosClass: 'BestEffort' },
    });
  });

  it('go at once unless a node runs them', () => {
    const grace = pods.strategy.gracePeriodSeconds!;
    expect(grace(created(pods, pod()), undefined)).toBe(0);
    expect(grace(created(pods, pod({ nodeName: 'n' })), undefined)).toBe(30);
    expect(grace(created(pods, pod({ nodeName: 'n' })), 5)).toBe(5);
    expect(
      grace({ ...created(pods, pod({ nodeName: 'n' })), status: { phase: 'Succeeded' } } as never, 5),
    ).toBe(0);
  });

  it.each([
    ['Running', { phase: 'Running', containerStatuses: [{ state: { running: {} }, ready: true }] }],
    [
      'CrashLoopBackOff',
      { phase: 'Running', containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
    ],
    [
      'Completed',
      { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { reason: 'Completed' } } }] },
    ],
    ['ExitCode:3', { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] }],
    [
      'Signal:9',
      { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137, signal: 9 } } }] },
    ],
    ['Evicted', { phase: 'Failed', reason: 'Evicted' }],
    ['Unknown', {}],
  ])('show %s', (text, status) => {
    expect(podReason(pod({}, status) as never)).toBe(text);
  });

  it('show their init containers while these run', () => {
    const spec = { initContainers: [{ name: 'one' }, { name: 'two' }] };
    const status = {
      phase: 'Pending',
      initContainerStatuses: [
        { name: 'one', state: { terminated: { exitCode: 0 } } },
        { name: 'two', state: { running: {} } },
      ],
    };
    expect(podReason(pod(spec, status) as never)).toBe('Init:1/2');
  });
});
