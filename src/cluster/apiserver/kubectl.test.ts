import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './testing/client.ts';
import { hasKubectl, KUBECTL } from './testing/kubectl.ts';

let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start();
  await kubectl('create serviceaccount default');
});

afterAll(() => api?.stop());

/** What kubectl prints; both streams. */
async function kubectl(command: string): Promise<string> {
  const { server, stateDir } = api;
  const child = spawn(KUBECTL, command.split(' '), {
    env: { ...process.env, HOME: stateDir, KUBECONFIG: server.kubeconfigPath },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return output.trim();
}

// kubectl writes built-in kinds as protobuf and does not fall back to JSON.
describe.skipIf(!hasKubectl(24))('kubectl, in protobuf,', { timeout: 60_000 }, () => {
  it.each([
    ['create namespace team', 'namespace/team created'],
    ['create configmap settings --from-literal=a=1', 'configmap/settings created'],
    ['create secret generic password --from-literal=a=1', 'secret/password created'],
    ['create deployment web --image=web:1 --replicas=2 --port=80', 'deployment.apps/web created'],
    ['expose deployment web --port=80 --target-port=http', 'service/web exposed'],
    [
      'autoscale deployment web --max=3 --cpu-percent=50',
      'horizontalpodautoscaler.autoscaling/web autoscaled',
    ],
    ['scale deployment web --replicas=0', 'deployment.apps/web scaled'],
    ['create service clusterip plain --tcp=80:http', 'service/plain created'],
    ['create job once --image=web:1', 'job.batch/once created'],
    ['create cronjob often --image=web:1 --schedule=@daily', 'cronjob.batch/often created'],
    ['create ingress web --rule=example.com/*=web:80', 'ingress.networking.k8s.io/web created'],
    ['create role reader --verb=get --resource=pods', 'role.rbac.authorization.k8s.io/reader created'],
    [
      'create rolebinding readers --role=reader --user=carol',
      'rolebinding.rbac.authorization.k8s.io/readers created',
    ],
    [
      'create poddisruptionbudget web --selector=app=web --min-available=50%',
      'poddisruptionbudget.policy/web created',
    ],
    ['create priorityclass high --value=10', 'priorityclass.scheduling.k8s.io/high created'],
    ['run one --image=web:1 --env=A=1', 'pod/one created'],
    ['auth can-i get pods', 'yes'],
    ['delete pod one --grace-period=0 --cascade=orphan --wait=false', 'pod "one" deleted'],
  ])('%s', async (command, answer) => {
    expect(await kubectl(command)).toContain(answer);
  });

  it('gets tokens', async () => {
    expect(await kubectl('create token default --duration=20m')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('says what it said in JSON', async () => {
    const { body: web } = await api.send('GET /apis/apps/v1/namespaces/default/deployments/web');
    expect(web.spec).toMatchObject({
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: { spec: { containers: [{ image: 'web:1', name: 'web', ports: [{ containerPort: 80 }] }] } },
    });
    const { body: service } = await api.send('GET /api/v1/namespaces/default/services/web');
    expect(service.spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 'http' }]);
    const { body: secret } = await api.send('GET /api/v1/namespaces/default/secrets/password');
    expect(secret.data).toEqual({ a: 'MQ==' });
  });

  it('is told of kinds that are not there', async () => {
    const file = path.join(api.stateDir, 'thing.yaml');
    writeFileSync(file, 'apiVersion: nosuch.example.com/v1\nkind: Thing\nmetadata: { name: x }\n');
    expect(await kubectl(`create -f ${file}`)).toContain(
      'no matches for kind "Thing" in version "nosuch.example.com/v1"',
    );
  });
});
