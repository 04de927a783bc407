import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Rollout } from '../../src/api/index.ts';
import { Kanari } from './harness/kanari.ts';

/** Bad input: a message that names the field and what is allowed, and nothing changed. */

let kanari: Kanari;
beforeAll(async () => {
  kanari = await Kanari.up({ args: ['--no-example'] });
});
afterAll(() => kanari?.cleanUp());

const BASE = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "particule/simplecolorapi:1.0", ports: [{containerPort: 5000}]}]}
  strategy: {canary: {steps: [{setWeight: 20}]}}
`;

/** A manifest as somebody may have typed it. */
interface Draft {
  spec: {
    template: { spec: { containers: [{ image: string }] } };
    strategy: { canary: Record<string, unknown> };
  };
}
type Edit = (draft: Draft) => void;

function manifest(name: string, edit: Edit): string {
  const rollout = parse(BASE);
  rollout.metadata.name = name;
  edit(rollout);
  return stringify(rollout);
}

const replicaSets = async (name: string) =>
  (await kanari.json<{ items: { metadata: { name: string } }[] }>('replicasets')).items.filter((rs) =>
    rs.metadata.name.startsWith(`${name}-`),
  );

async function expectInvalid(name: string, edit: Edit, message: RegExp): Promise<void> {
  expect(await kanari.apply(manifest(name, edit))).toMatchObject({ code: 0 });
  await expect
    .poll(async () => (await kanari.json<Rollout>('rollout', name)).status?.message, { timeout: 10_000 })
    .toMatch(message);
  expect((await kanari.json<Rollout>('rollout', name)).status?.phase).toBe('Degraded');
  expect(await replicaSets(name)).toEqual([]);
}

describe('manifests', () => {
  test('invalid YAML', async () => {
    const { code, stderr } = await kanari.apply('apiVersion: v1\nkind: [oops');
    expect(code).toBe(1);
    expect(stderr).toMatch(/yaml/i);
  });

  test('an unknown step is refused with its path', async () => {
    const { code, stderr } = await kanari.apply(
      manifest('unknown-step', (r) => {
        r.spec.strategy.canary.steps = [{ setWieght: 20 }];
      }),
    );
    expect(code).toBe(1);
    // An older kubectl finds it itself, and says so in other words.
    expect(stderr).toMatch(/unknown field "(spec\.strategy\.canary\.steps\[0\]\.)?setWieght"/);
    expect(stderr).toContain('spec.strategy.canary.steps[0]');
    expect((await kanari.kubectl('get', 'rollout', 'unknown-step')).code).toBe(1);
  });

  test('CAN-011 setWeight: 120', () =>
    expectInvalid(
      'heavy',
      (r) => {
        r.spec.strategy.canary.steps = [{ setWeight: 120 }];
      },
      /^InvalidSpec: The Rollout "heavy" is invalid: spec\.strategy\.steps\[0\]\.setWeight: Invalid value: 120: SetWeight needs to be between 0 and 100$/,
    ));

  test('CAN-019 a missing Service', () =>
    expectInvalid(
      'no-service',
      (r) => {
        r.spec.strategy.canary.canaryService = 'nowhere';
        r.spec.strategy.canary.stableService = 'nowhere-else';
      },
      /spec\.strategy\.canary\.(canary|stable)Service: Invalid value: "nowhere(-else)?": service "nowhere(-else)?" not found/,
    ));

  test('CAN-021 CAN-022 a missing AnalysisTemplate, until it is there', async () => {
    await expectInvalid(
      'no-template',
      (r) => {
        r.spec.strategy.canary.analysis = { templates: [{ templateName: 'nothing' }] };
      },
      /AnalysisTemplate 'nothing' not found/,
    );
    await kanari.apply(
      'apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: nothing}\n' +
        'spec: {metrics: [{name: m, interval: 5s, provider: {web: {url: "http://127.0.0.1:1/"}}}]}\n',
    );
    await expect
      .poll(async () => (await kanari.json<Rollout>('rollout', 'no-template')).status?.phase, {
        timeout: 20_000,
      })
      .toBe('Healthy');
  });

  test('interval: abc', async () => {
    await kanari.apply(
      'apiVersion: argoproj.io/v1alpha1\nkind: AnalysisRun\nmetadata: {name: odd}\n' +
        'spec: {metrics: [{name: m, interval: abc, provider: {web: {url: "http://127.0.0.1:1/"}}}]}\n',
    );
    await expect
      .poll(async () => (await kanari.json<{ status?: object }>('analysisrun', 'odd')).status, {
        timeout: 10_000,
      })
      .toMatchObject({
        phase: 'Error',
        message: expect.stringMatching(/metrics\[0\]: invalid interval string: time: invalid duration "abc"/),
      });
  });

  test('an image that no runtime knows', async () => {
    await kanari.apply(
      manifest('mystery', (r) => {
        r.spec.template.spec.containers[0].image = 'registry.example/mystery:1';
      }),
    );
    const waiting = async () => {
      const pods = await kanari.json<{ items: { status: { containerStatuses?: { state: object }[] } }[] }>(
        'pods',
        '-l',
        'app=web',
      );
      return JSON.stringify(pods.items.map((pod) => pod.status.containerStatuses));
    };
    await expect.poll(waiting, { timeout: 30_000 }).toContain('ImagePullBackOff');
    const described = await kanari.kubectl('describe', 'pods', '-l', 'app=web');
    expect(described.stdout).toContain('registry.example/mystery:1');
    expect(described.stdout).toContain('images.yaml');
  });
});

describe('the command line', () => {
  test('a port in use', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    for (const flag of ['--port', '--gateway-port']) {
      const rest = flag === '--port' ? ['--gateway-port', '0'] : ['--port', '0'];
      const { code, stderr } = await Kanari.upAndFail([
        ...['--state-dir', `${kanari.stateDir}-other`, flag, String(port), ...rest, '--metrics-port', '0'],
      ]);
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^Error: .*${port}.*in use.*${flag}`, 's'));
      expect(stderr).not.toContain('    at ');
    }
    server.close();
  });

  test('a second start on the same state', async () => {
    const { code, stderr } = await Kanari.upAndFail(['--state-dir', kanari.stateDir, '--port', '0']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).toContain(kanari.stateDir);
    expect(await kanari.kubectl('get', 'namespaces')).toMatchObject({ code: 0 });
  });

  test.each([
    [['--port', 'abc'], /--port.*abc/],
    [['--port', '70000'], /--port.*65535/],
    [['--nonsense'], /unknown (flag|option).*--nonsense/],
  ])('%j', async (args, message) => {
    const { code, stderr } = await Kanari.upAndFail(args as string[]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message as RegExp);
  });

  test('commands say what is wrong', async () => {
    expect((await kanari.kanari('get', 'rollout', 'missing')).stderr).toBe(
      'Error: rollout.argoproj.io "missing" not found\n',
    );
    expect((await kanari.kanari('abort', 'missing')).stderr).toBe(
      'Error: rollouts.argoproj.io "missing" not found\n',
    );
    expect((await kanari.kanari('set', 'image', 'missing', 'a')).code).toBe(1);
    expect((await kanari.kanari('frobnicate')).stderr).toContain('unknown command "frobnicate"');
  });
});
