import { type Connection, perSecond } from './connection.ts';

export const PODS = '/api/v1/namespaces/default/pods';

/** A pod as a Deployment makes it. */
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    labels: { app: 'web', 'pod-template-hash': '6d4cf56db6' },
    annotations: { 'kanari.dev/note': 'as large as pods are' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web-6d4cf56db6',
        uid: '6f0d2a1e-7a3f-4b52-9f3c-0c7f5d6e8a90',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'registry.example.com/web:1.2.3',
        ports: [{ name: 'http', containerPort: 8080 }],
        env: [
          { name: 'MODE', value: 'production' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' } },
        volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'web' } }],
  },
});

const podName = (i: number) => `web-6d4cf56db6-${String(i).padStart(5, '0')}`;

/** Creates so many pods over 16 connections. */
export async function makePods(connect: () => Connection, count: number): Promise<void> {
  const connections = Array.from({ length: 16 }, connect);
  await perSecond(connections, count, (connection, i) =>
    connection.send('POST', PODS, JSON.stringify(pod(podName(i)))),
  );
  for (const connection of connections) connection.close();
}
