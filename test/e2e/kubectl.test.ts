import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasKubectl } from '../../src/cluster/apiserver/testing/kubectl.ts';
import { Kanari } from './harness/kanari.ts';
import { Terminal } from './harness/terminal.ts';

/** kubectl as people use it: what it prints, and its exit codes, are those on a real cluster. */

let kanari: Kanari;
let terminal: Terminal;
const open = (namespace: string) => async () => {
  terminal = await Terminal.open(kanari, namespace);
};
const type = (line: string, input?: string) => terminal.type(line, input);
const until = (probe: () => unknown) => expect.poll(probe, { timeout: 20_000, interval: 100 });
const age = expect.stringMatching(/^\d+m?s$/);

/** The manifest of a ConfigMap; `data` and `metadata` are YAML in one line. */
const configMap = (name: string, data: string, metadata = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${metadata}}\ndata: ${data}\n`;

// `wait --for=create` came with 1.31.
describe.skipIf(!hasKubectl(31))('kubectl', () => {
  beforeAll(async () => {
    kanari = await Kanari.up({ args: ['--no-example'] });
  });
  afterAll(() => kanari?.cleanUp());

  describe('reading', () => {
    beforeAll(async () => {
      await open('reading')();
      await type('kubectl apply -f web.yaml');
      await type('kubectl rollout status deploy/web --timeout=20s');
    });

    test('get prints every format', async () => {
      expect(await terminal.table('kubectl get deploy web')).toEqual([
        ['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE'],
        ['web', '2/2', '2', '2', age],
      ]);
      expect(await terminal.table('kubectl get deploy web -o wide')).toEqual([
        ['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE', 'CONTAINERS', 'IMAGES', 'SELECTOR'],
        ['web', '2/2', '2', '2', age, 'web', 'particule/simplecolorapi:1.0', 'app=web'],
      ]);
      expect(await type('kubectl get -f web.yaml -o name')).toBe(
        'configmap/settings\ndeployment.apps/web\nservice/web\n',
      );
      expect(await type('kubectl get cm settings -o yaml')).toMatch(
        /^apiVersion: v1\ndata:\n {2}color: red\n {2}size: large\nkind: ConfigMap\nmetadata:\n/,
      );
      expect(JSON.parse(await type('kubectl get cm -l app=web -o json'))).toMatchObject({
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'ConfigMap', data: { color: 'red' } }],
      });
      const path = '{.data.color} {.metadata.labels.app}';
      expect(await type(`kubectl get cm settings -o jsonpath='${path}'`)).toBe('red web');
      const template = '{{range .items}}{{.data.size}}{{end}}';
      expect(await type(`kubectl get cm -l app=web -o go-template='${template}'`)).toBe('large');
      expect(
        await terminal.table('kubectl get svc -o custom-columns=NAME:.metadata.name,NO:.spec.nope'),
      ).toEqual([
        ['NAME', 'NO'],
        ['web', '<none>'],
      ]);
      const pods = await terminal.table('kubectl get pods -L app --show-labels --sort-by=.metadata.name');
      expect(pods[0]).toEqual(['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'APP', 'LABELS']);
      expect(pods[2]?.slice(1)).toEqual([
        ...['1/1', 'Running', '0', age, 'web'],
        expect.stringMatching(/^app=web,pod-template-hash=\w+$/),
      ]);
      expect(await type('kubectl get all -A --no-headers')).toMatch(
        /^reading +replicaset.apps\/web-\w+ +2 /m,
      );
    });

    test('get takes selectors and pages, and says what is not there', async () => {
      const running = 'kubectl get pods -o name --field-selector status.phase=Running';
      expect(await type(`${running} --chunk-size=1 -l 'app in (web)'`)).toMatch(
        /^pod\/web-\S+\npod\/web-\S+\n$/,
      );
      expect(await type(`${running} -l app!=web`)).toBe('');
      expect(await terminal.run('kubectl get pods --field-selector spec.nope=1')).toMatchObject({
        code: 1,
        stderr:
          'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", ' +
          'field selector "spec.nope=1": field label not supported: spec.nope\n',
      });
      const one = await terminal.run('kubectl get deploy web nope');
      expect(one).toMatchObject({
        code: 1,
        stderr: 'Error from server (NotFound): deployments.apps "nope" not found\n',
      });
      expect(one.stdout).toMatch(/^NAME .*\nweb {2}/);
      expect(await terminal.run('kubectl get jobs')).toMatchObject({
        code: 0,
        stderr: 'No resources found in reading namespace.\n',
      });
      expect(await terminal.run('kubectl get nopes')).toMatchObject({
        code: 1,
        stderr: 'error: the server doesn\'t have a resource type "nopes"\n',
      });
    });

    test('get -w shows changes as they happen', async () => {
      await type('kubectl create cm watched');
      const watch = terminal.follow('kubectl get cm watched -w --output-watch-events --no-headers');
      await until(() => watch.output).toMatch(/^ADDED +watched +0 +\d+s\n$/);
      await type('kubectl label cm watched a=b');
      await type('kubectl delete cm watched');
      await until(() => watch.output).toMatch(
        /^ADDED .*\nMODIFIED +watched +0 +\d+s\nDELETED +watched .*\n$/,
      );
      await watch.stop();
    });

    test('describe and events tell what happened, in order', async () => {
      const [pod] = (await type('kubectl get pods -o name')).split('\n');
      const reasons = ['Scheduled', 'Pulled', 'Created', 'Started'];
      const [, described = ''] = (await type(`kubectl describe ${pod}`)).split('Events:');
      const rows = described.trim().split('\n').slice(2);
      expect(rows.slice(0, 4).map((row) => row.trim().split(/\s{2,}/)[1])).toEqual(reasons);
      const events = await terminal.table(`kubectl events --for ${pod} --types=Normal`);
      expect(events.slice(0, 5).map((row) => row[2])).toEqual(['REASON', ...reasons]);
      expect(await type('kubectl get events --sort-by=.lastTimestamp')).toMatch(
        /Normal +ScalingReplicaSet +deployment\/web +Scaled up replica set web-\w+ from 0 to 2\n/,
      );
    });

    test('describe shows workloads, Services and nodes as people know them', async () => {
      const deployment = await type('kubectl describe deploy web');
      expect(deployment).toMatch(
        /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable\n/,
      );
      expect(deployment).toMatch(
        /COLOR: +<set to the key 'color' of config map 'settings'> +Optional: false\n/,
      );
      expect(deployment).toMatch(
        /Available +True +MinimumReplicasAvailable\n +Progressing +True +NewReplicaSetAvailable\n/,
      );
      expect(deployment).toMatch(/NewReplicaSet: +web-\w+ \(2\/2 replicas created\)\n/);
      expect(await type("kubectl get deploy web -o jsonpath='{.metadata.generation}'")).toBe('1');
      expect(await type('kubectl describe rs')).toMatch(
        /Pods Status: +2 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed\n/,
      );
      expect(await type('kubectl describe svc web')).toMatch(/Endpoints: +[\d.]+:5000,[\d.]+:5000\n/);
      expect(await type('kubectl describe node')).toMatch(
        /Ready +True .* KubeletReady +kubelet is posting ready status\n/,
      );
      expect(await type('kubectl describe cm settings')).toContain('color:\n----\nred\n');
    });
  });

  describe('applying', () => {
    beforeAll(open('applying'));

    test('apply says created, unchanged and configured; diff says what would change', async () => {
      const one = configMap('one', '{a: "1"}');
      expect(await type('kubectl apply -f - --dry-run=client', one)).toBe(
        'configmap/one created (dry run)\n',
      );
      expect(await type('kubectl apply -f - --dry-run=server', one)).toBe(
        'configmap/one created (server dry run)\n',
      );
      const absent = await terminal.run('kubectl diff -f -', { input: one });
      expect(absent.code).toBe(1);
      expect(absent.stdout).toContain('+  a: "1"\n');
      expect(await type('kubectl apply -f -', one)).toBe('configmap/one created\n');
      expect(await type('kubectl apply -f -', one)).toBe('configmap/one unchanged\n');
      expect(await terminal.run('kubectl diff -f -', { input: one })).toMatchObject({ code: 0, stdout: '' });
      const two = configMap('one', '{b: "2"}');
      const changed = await terminal.run('kubectl diff -f -', { input: two });
      expect(changed.code).toBe(1);
      expect(changed.stdout).toContain('-  a: "1"\n+  b: "2"\n');
      expect(await type('kubectl apply -f -', two)).toBe('configmap/one configured\n');
      expect(await type("kubectl get cm one -o jsonpath='{.data}'")).toBe('{"b":"2"}');
    });

    test('apply refuses what it does not know, and only then', async () => {
      const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrong}\ndatta: {a: b}\n';
      expect(await terminal.run('kubectl apply -f -', { input: wrong })).toMatchObject({
        code: 1,
        stderr:
          'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be ' +
          'handled as a ConfigMap: strict decoding error: unknown field "datta"\n',
      });
      expect(await terminal.run('kubectl apply --validate=warn -f -', { input: wrong })).toMatchObject({
        code: 0,
        stdout: 'configmap/wrong created\n',
        stderr: 'Warning: unknown field "datta"\n',
      });
      expect(await terminal.run('kubectl apply --validate=false -f -', { input: wrong })).toMatchObject({
        stderr: '',
      });
      const elsewhere = configMap('x', '{}', ', namespace: nowhere');
      expect(await terminal.run('kubectl apply -f -', { input: elsewhere })).toMatchObject({
        code: 1,
        stderr: 'Error from server (NotFound): error when creating "STDIN": namespaces "nowhere" not found\n',
      });
    });

    test('apply --prune deletes what is no longer there', async () => {
      const labelled = (name: string) => configMap(name, '{a: b}', ', labels: {set: pruned}');
      await type('kubectl apply -f -', `${labelled('kept')}---\n${labelled('left-out')}`);
      expect(
        await type(
          'kubectl apply -f - --prune -l set=pruned --prune-allowlist=core/v1/ConfigMap',
          labelled('kept'),
        ),
      ).toBe('configmap/kept unchanged\nconfigmap/left-out pruned\n');
    });

    test('apply -k builds and applies a kustomization', async () => {
      expect(await type('kubectl apply -k kustomize/production')).toMatch(
        /^configmap\/production-generated-\w+ created\nconfigmap\/production-settings created\n$/,
      );
      expect(await type('kubectl get cm -l stage=production -o name')).toMatch(
        /^(configmap\/production-\S+\n){2}$/,
      );
      expect(await type('kubectl delete -k kustomize/production')).toMatch(
        /^(configmap "\S+" deleted.*\n){2}$/,
      );
    });

    test('apply --server-side knows who owns what', async () => {
      const shared = (color: string) => configMap('shared', `{color: ${color}}`);
      const apply = 'kubectl apply --server-side -f -';
      expect(await type(apply, shared('red'))).toBe('configmap/shared serverside-applied\n');
      const conflict = await terminal.run(`${apply} --field-manager=other`, { input: shared('blue') });
      expect(conflict.code).toBe(1);
      expect(conflict.stderr).toMatch(
        /^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.color\nPlease review the fields above/,
      );
      expect(await type(`${apply} --field-manager=other --force-conflicts`, shared('blue'))).toBe(
        'configmap/shared serverside-applied\n',
      );
      const owners = "'{range .metadata.managedFields[*]}{.manager} {.operation} {end}'";
      expect(await type(`kubectl get cm shared --show-managed-fields -o jsonpath=${owners}`)).toBe(
        'other Apply ',
      );
    });

    test('what was applied by the client can be applied by the server from then on', async () => {
      await type('kubectl apply -f -', configMap('moved', '{a: "1", b: "2"}'));
      await type('kubectl apply --server-side -f -', configMap('moved', '{a: "1"}'));
      expect(await type("kubectl get cm moved -o jsonpath='{.data}'")).toBe('{"a":"1"}');
    });

    test('edit saves what the editor saves, and reopens what is invalid', async () => {
      await type('kubectl create cm edited --from-literal=color=red');
      const editor = async (name: string, script: string) => {
        const file = join(kanari.stateDir, name);
        await writeFile(file, `#!/bin/sh\n${script}\n`);
        await chmod(file, 0o755);
        return { env: { KUBE_EDITOR: file } };
      };
      const blue = await editor('blue', 'sed -i "s/color: red/color: blue/" "$1"');
      expect(await terminal.run('kubectl edit cm edited', blue)).toMatchObject({
        code: 0,
        stdout: 'configmap/edited edited\n',
      });
      expect(await terminal.run('kubectl edit cm edited', blue)).toMatchObject({
        code: 0,
        stderr: 'Edit cancelled, no changes made.\n',
      });
      const label = await editor(
        'label',
        'if grep -q "^# configmaps" "$1"; then sed -i "s/-bad/good/" "$1"; else sed -i "s/^metadata:/metadata:\\n  labels: {a: -bad}/" "$1"; fi',
      );
      expect(await terminal.run('kubectl edit cm edited', label)).toMatchObject({ code: 0 });
      expect(await type("kubectl get cm edited -o jsonpath='{.data.color} {.metadata.labels.a}'")).toBe(
        'blue good',
      );
    });

    test('patch, label, annotate and replace', async () => {
      await type('kubectl create deploy patched --image=busybox --replicas=0 -- sleep 100');
      const patch = (flags: string) => type(`kubectl patch deploy patched ${flags}`);
      const done = 'deployment.apps/patched patched\n';
      const strategic = '{"spec":{"template":{"spec":{"containers":[{"name":"busybox","tty":true}]}}}}';
      expect(await patch(`-p '${strategic}'`)).toBe(done);
      // kubectl tells from the whole object, which the controller writes its status into.
      await type('kubectl rollout status deploy patched');
      expect(await patch(`-p '${strategic}'`)).toBe('deployment.apps/patched patched (no change)\n');
      expect(await patch(`--type=merge -p '{"metadata":{"labels":{"a":"b"}}}'`)).toBe(done);
      expect(await patch(`--type=json -p '[{"op":"remove","path":"/metadata/labels/a"}]'`)).toBe(done);
      expect(await patch(`--subresource=scale --type=merge -p '{"spec":{"replicas":1}}'`)).toBe(
        'scale.autoscaling/patched patched\n',
      );
      const container =
        '{.spec.replicas} {.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].tty}';
      expect(await type(`kubectl get deploy patched -o jsonpath='${container}'`)).toBe('1 busybox true');
      expect(await type('kubectl label deploy patched tier=web')).toBe('deployment.apps/patched labeled\n');
      expect(await terminal.run('kubectl label deploy patched tier=db')).toMatchObject({
        code: 1,
        stderr: "error: 'tier' already has a value (web), and --overwrite is false\n",
      });
      expect(await type('kubectl label deploy patched tier=db --overwrite')).toBe(
        'deployment.apps/patched labeled\n',
      );
      expect(await type('kubectl label deploy patched tier-')).toBe('deployment.apps/patched unlabeled\n');
      expect(await type('kubectl annotate deploy --all note=x')).toBe('deployment.apps/patched annotated\n');
      const map = configMap('replaced', '{a: "1"}');
      expect(await terminal.run('kubectl replace -f -', { input: map })).toMatchObject({
        code: 1,
        stderr:
          'Error from server (NotFound): error when replacing "STDIN": configmaps "replaced" not found\n',
      });
      await type('kubectl create -f -', map);
      expect(await type('kubectl replace -f -', map)).toBe('configmap/replaced replaced\n');
      expect(await type('kubectl replace --force -f -', map)).toMatch(
        /^configmap "replaced" deleted.*\nconfigmap\/replaced replaced\n$/,
      );
    });
  });

  describe('creating', () => {
    beforeAll(open('creating'));

    test.each([
      ['deployment g --image=busybox --port=80 -- sleep 100', 'deployment.apps/g'],
      ['job g --image=busybox -- true', 'job.batch/g'],
      ["cronjob g --image=busybox --schedule='0 0 1 1 *' -- true", 'cronjob.batch/g'],
      ['job from --from=cronjob/g', 'job.batch/from'],
      ['configmap g --from-literal=a=b --from-file=web.yaml', 'configmap/g'],
      ['secret generic g --from-literal=a=b', 'secret/g'],
      ['secret docker-registry r --docker-server=r.test --docker-username=u --docker-password=p', 'secret/r'],
      ['serviceaccount g', 'serviceaccount/g'],
      ['service clusterip g --tcp=80:8080', 'service/g'],
      ['service nodeport n --tcp=80', 'service/n'],
      ['service loadbalancer l --tcp=80', 'service/l'],
      ['service externalname e --external-name=example.test', 'service/e'],
      ["ingress g --class=nginx --rule='g.test/*=g:80,tls=t'", 'ingress.networking.k8s.io/g'],
      ['poddisruptionbudget g --selector=app=g --min-available=1', 'poddisruptionbudget.policy/g'],
      ['priorityclass creating --value=10', 'priorityclass.scheduling.k8s.io/creating'],
      ['role g --verb=get,list --resource=pods,deployments.apps', 'role.rbac.authorization.k8s.io/g'],
      ['rolebinding g --role=g --serviceaccount=creating:g', 'rolebinding.rbac.authorization.k8s.io/g'],
      [
        'clusterrole creating --verb=get --non-resource-url=/healthz',
        'clusterrole.rbac.authorization.k8s.io/creating',
      ],
      [
        'clusterrolebinding creating --clusterrole=creating --user=u',
        'clusterrolebinding.rbac.authorization.k8s.io/creating',
      ],
    ])('create %s', async (what, made) => {
      expect(await type(`kubectl create ${what}`)).toBe(`${made} created\n`);
    });

    test('expose, autoscale and run', async () => {
      expect(await type('kubectl expose deploy g --port=80 --name=exposed')).toBe(
        'service/exposed exposed\n',
      );
      expect(await type('kubectl autoscale deploy g --max=3 --cpu-percent=50')).toBe(
        'horizontalpodautoscaler.autoscaling/g autoscaled\n',
      );
      expect(await type('kubectl run g --image=busybox --restart=Never -- true')).toBe('pod/g created\n');
      expect(await terminal.run('kubectl create deploy g --image=busybox')).toMatchObject({
        code: 1,
        stderr: 'error: failed to create deployment: deployments.apps "g" already exists\n',
      });
      expect(await type('kubectl create token g')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    });
  });

  describe('rolling out', () => {
    beforeAll(async () => {
      await open('rolling-out')();
      await type('kubectl apply -f web.yaml');
    });
    const status = () => type('kubectl rollout status deploy/web --timeout=30s');
    const done = /deployment "web" successfully rolled out\n$/;

    test('set, status, history, undo', async () => {
      expect(await status()).toMatch(done);
      expect(await type('kubectl set image deploy/web web=particule/simplecolorapi:2.0')).toBe(
        'deployment.apps/web image updated\n',
      );
      expect(await status()).toMatch(done);
      expect(await type('kubectl annotate deploy/web kubernetes.io/change-cause=blue')).toBe(
        'deployment.apps/web annotated\n',
      );
      await until(() => type('kubectl rollout history deploy/web')).toBe(
        'deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         blue\n\n',
      );
      expect(await type('kubectl rollout history deploy/web --revision=1')).toMatch(
        /^deployment.apps\/web with revision #1\nPod Template:\n(.*\n)*.*Image:\tparticule\/simplecolorapi:1.0\n/,
      );
      expect(await type('kubectl rollout undo deploy/web')).toBe('deployment.apps/web rolled back\n');
      expect(await status()).toMatch(done);
      expect(await terminal.run('kubectl rollout undo deploy/web --to-revision=9')).toMatchObject({
        code: 1,
        stderr: 'error: unable to find specified revision 9 in history\n',
      });
      const sets = await terminal.table('kubectl get rs -o wide --sort-by=.status.replicas --no-headers');
      expect(sets.map((row) => [...row.slice(1, 4), row[6]])).toEqual([
        ['0', '0', '0', 'particule/simplecolorapi:2.0'],
        ['2', '2', '2', 'particule/simplecolorapi:1.0'],
      ]);
    });

    test('pause holds changes until resume', async () => {
      expect(await type('kubectl rollout pause deploy/web')).toBe('deployment.apps/web paused\n');
      expect(await terminal.run('kubectl rollout pause deploy/web')).toMatchObject({
        code: 1,
        stderr: 'error: deployments.apps "web" is already paused\n',
      });
      await type('kubectl set env deploy/web LEVEL=1');
      await type('kubectl set resources deploy/web --requests=cpu=1m');
      expect(await type('kubectl rollout status deploy/web --watch=false')).toBe(
        'Waiting for deployment "web" rollout to finish: 0 out of 2 new replicas have been updated...\n',
      );
      expect(await type('kubectl rollout resume deploy/web')).toBe('deployment.apps/web resumed\n');
      expect(await status()).toMatch(done);
      expect(await type('kubectl set env deploy/web --list')).toContain('LEVEL=1\n');
    });

    test('restart, and scale with its precondition', async () => {
      expect(await type('kubectl rollout restart deploy/web')).toBe('deployment.apps/web restarted\n');
      expect(await status()).toMatch(done);
      expect(await type('kubectl scale deploy/web --current-replicas=2 --replicas=3')).toBe(
        'deployment.apps/web scaled\n',
      );
      expect(await terminal.run('kubectl scale deploy/web --current-replicas=2 --replicas=1')).toMatchObject({
        code: 1,
        stderr: 'error: Expected replicas to be 2, was 3\n',
      });
      expect(await status()).toMatch(done);
    });

    test('an image that is not there shows in status, pods and events', async () => {
      await type('kubectl set image deploy/web web=registry.test/nope:1');
      const status = await terminal.run('kubectl rollout status deploy/web --timeout=1s');
      expect(status).toMatchObject({ code: 1, stderr: 'error: timed out waiting for the condition\n' });
      await until(() => type('kubectl get pods --no-headers')).toMatch(/ 0\/1 +ImagePullBackOff +0 /);
      expect(await type('kubectl events --types=Warning')).toMatch(
        /Warning +Failed +Pod\/web-\S+ +Failed to pull image "registry.test\/nope:1": /,
      );
      await type('kubectl rollout undo deploy/web');
    });
  });

  describe('waiting, logs and deleting', () => {
    beforeAll(open('running'));

    test('wait for conditions, values, creation and deletion', async () => {
      await type('kubectl create job waited --image=busybox -- true');
      expect(await type('kubectl wait --for=condition=Complete job/waited --timeout=20s')).toBe(
        'job.batch/waited condition met\n',
      );
      expect(await type("kubectl wait --for=jsonpath='{.status.succeeded}'=1 job/waited --timeout=9s")).toBe(
        'job.batch/waited condition met\n',
      );
      expect(await terminal.run('kubectl wait --for=condition=Failed job/waited --timeout=1s')).toMatchObject(
        {
          code: 1,
          stderr: 'error: timed out waiting for the condition on jobs/waited\n',
        },
      );
      const created = type('kubectl wait --for=create cm/waited --timeout=20s');
      await type('kubectl create cm waited');
      expect(await created).toBe('configmap/waited condition met\n');
      const deleted = type('kubectl wait --for=delete cm/waited --timeout=20s');
      await type('kubectl delete cm waited --wait=false');
      // It says nothing about what was gone before it looked.
      expect(['', 'configmap/waited condition met\n']).toContain(await deleted);
    });

    test('logs of pods and workloads', async () => {
      await type(
        "kubectl run talker --image=busybox --restart=Never -- sh -c 'for i in 1 2 3; do echo line $i; sleep 0.2; done; exit 3'",
      );
      await type("kubectl wait --for=jsonpath='{.status.phase}'=Running pod/talker --timeout=20s");
      expect(await type('kubectl logs -f talker')).toBe('line 1\nline 2\nline 3\n');
      expect(await type('kubectl logs talker --tail=1 --timestamps')).toMatch(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z line 3\n$/,
      );
      expect(await type('kubectl logs -l run=talker --prefix --tail=1')).toBe('[pod/talker/talker] line 3\n');
      expect(await type('kubectl logs talker --limit-bytes=4')).toBe('line');
      await until(() => type('kubectl get pod talker --no-headers')).toMatch(/^talker +0\/1 +Error +0 /);
      expect(await type('kubectl logs job/waited')).toBe('');
      expect(await terminal.run('kubectl logs talker -c nope')).toMatchObject({
        code: 1,
        stderr: 'error: container nope is not valid for pod talker\n',
      });
      await type("kubectl run crash --image=busybox -- sh -c 'echo $HOSTNAME is gone; exit 1'");
      await until(() => type('kubectl get pod crash --no-headers')).toMatch(
        /^crash +0\/1 +CrashLoopBackOff +[1-9]/,
      );
      expect(await type('kubectl logs crash --previous')).toBe('crash is gone\n');
    });

    test('delete by name, label, file and all of a kind', async () => {
      expect(await type('kubectl delete pod crash talker --grace-period=1')).toMatch(
        /^pod "crash" deleted.*\npod "talker" deleted.*\n$/,
      );
      expect(await terminal.run('kubectl delete pod crash')).toMatchObject({
        code: 1,
        stderr: 'Error from server (NotFound): pods "crash" not found\n',
      });
      expect(await type('kubectl delete pod crash --ignore-not-found')).toBe('');
      await type('kubectl run deaf --image=busybox -- sh -c \'trap "" TERM; while :; do sleep 0.1; done\'');
      await type('kubectl wait --for=condition=Ready pod/deaf --timeout=20s');
      const forced = await terminal.run('kubectl delete pod deaf --force --grace-period=0');
      expect(forced.stderr).toMatch(/^Warning: Immediate deletion does not wait for confirmation/);
      expect(forced.stdout).toMatch(/^pod "deaf" force deleted/);
      await type('kubectl create cm a', '');
      await type('kubectl label cm a kind=small');
      expect(await type('kubectl delete cm -l kind=small')).toMatch(/^configmap "a" deleted/);
    });

    test('delete cascades as asked', async () => {
      const make = async (name: string) => {
        await type(`kubectl create deploy ${name} --image=busybox -- sleep 100`);
        await type(`kubectl rollout status deploy/${name} --timeout=20s`);
      };
      await make('orphaning');
      await type('kubectl delete deploy orphaning --cascade=orphan');
      const left = (kind: string) => type(`kubectl get ${kind} -o name -l app=orphaning`);
      expect(await left('rs')).toMatch(/^replicaset.apps\/orphaning-\w+\n$/);
      await type('kubectl delete rs -l app=orphaning --cascade=foreground');
      expect(await left('pods')).toBe('');
      await make('background');
      await type('kubectl delete deploy background');
      await until(() => type('kubectl get rs,pods -o name -l app=background')).toBe('');
    });

    test('cordon, taint, drain and uncordon a node', async () => {
      expect(await type('kubectl cordon kanari')).toBe('node/kanari cordoned\n');
      expect(await type('kubectl get nodes --no-headers')).toMatch(/^kanari +Ready,SchedulingDisabled /);
      await type('kubectl create deploy drained --image=busybox -- sleep 100');
      await until(() => type('kubectl events --types=Warning')).toContain(
        '0/1 nodes are available: 1 node(s) were unschedulable.',
      );
      expect(await type('kubectl uncordon kanari')).toBe('node/kanari uncordoned\n');
      await type('kubectl rollout status deploy/drained --timeout=20s');
      const drain = await terminal.run('kubectl drain kanari --pod-selector=app=drained');
      expect(drain).toMatchObject({ code: 0 });
      expect(drain.stdout).toMatch(
        /^node\/kanari cordoned\nevicting pod running\/drained-\S+\npod\/drained-\S+ evicted\nnode\/kanari drained\n$/,
      );
      await type('kubectl uncordon kanari');
      expect(await type('kubectl taint node kanari gpu=yes:NoSchedule')).toBe('node/kanari tainted\n');
      expect(await type('kubectl taint node kanari gpu-')).toBe('node/kanari untainted\n');
    });
  });

  describe('about the cluster', () => {
    beforeAll(open('about'));

    test('version, cluster-info, config and who one is', async () => {
      expect(await type('kubectl version')).toMatch(/^Server Version: v1\.34\.\d+\S*$/m);
      expect(await type('kubectl cluster-info')).toMatch(
        /^Kubernetes control plane is running at https:\/\/127\.0\.0\.1:\d+$/m,
      );
      expect(await type('kubectl config view')).toMatch(
        /current-context: kanari\n(.*\n)*.*token: REDACTED\n/,
      );
      expect(await type('kubectl auth whoami')).toMatch(/^Username +kubernetes-admin$/m);
      expect(await type('kubectl auth can-i delete nodes')).toBe('yes\n');
      expect(await type('kubectl get ingressclass --no-headers')).toMatch(
        /^nginx +k8s.io\/ingress-nginx +<none> /,
      );
      const [service] = await terminal.table('kubectl get svc kubernetes -n default --no-headers');
      expect(service).toEqual([
        'kubernetes',
        'ClusterIP',
        expect.stringMatching(/^127\.\d+\.0\.1$/),
        '<none>',
        '443/TCP',
        age,
      ]);
    });

    test('api-resources, api-versions and explain', async () => {
      const resources = await type('kubectl api-resources');
      expect(resources).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
      expect(resources).toMatch(/^rollouts +ro +argoproj.io\/v1alpha1 +true +Rollout$/m);
      expect((await type('kubectl api-versions')).split('\n')).toEqual(
        expect.arrayContaining(['apps/v1', 'argoproj.io/v1alpha1', 'batch/v1', 'v1']),
      );
      expect(await type('kubectl explain deploy.spec.strategy')).toMatch(
        /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: strategy <DeploymentStrategy>\n/,
      );
      expect(await terminal.run('kubectl explain pod.spec.nope')).toMatchObject({
        code: 1,
        stderr: 'error: field "nope" does not exist\n',
      });
    });

    test('raw requests, also through a proxy', async () => {
      expect(await type('kubectl get --raw /readyz')).toBe('ok');
      const proxy = terminal.follow('kubectl proxy --port=0');
      await until(() => proxy.output).toMatch(/^Starting to serve on \S+\n$/);
      const [, address] = /serve on (\S+)/.exec(proxy.output) ?? [];
      const answer = await fetch(`http://${address}/api/v1/namespaces/about`);
      expect(await answer.json()).toMatchObject({ kind: 'Namespace', metadata: { name: 'about' } });
      await proxy.stop();
    });

    test('names are completed', async () => {
      await type('kubectl create cm completed');
      expect(await type('kubectl __complete get cm comp 2>/dev/null')).toMatch(/^completed\n/);
    });
  });
});
