import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../testing/harness.ts';
import type { ExecRequest } from '../runtime.ts';
import { execProcess } from './exec.ts';
import { StraySweeper } from './processes.ts';
import { hasTerminals } from './terminal.ts';

let workingDir: string;
beforeAll(async () => {
  workingDir = await mkdtemp(join(tmpdir(), 'kanari-exec-'));
});
afterAll(() => rm(workingDir, { recursive: true, force: true }));

const open = (command: string[], request: Partial<ExecRequest> = {}) =>
  execProcess(
    { command, stdin: false, tty: false, ...request },
    { env: { PATH: process.env.PATH ?? '', COLOR: 'red' }, workingDir, strays: new StraySweeper() },
  );

const sh = (script: string, request?: Partial<ExecRequest>) => open(['sh', '-c', script], request);

/** A killed process whose parent has not asked for it yet has no command line any more. */
const runs = (pid: number) => readFile(`/proc/${pid}/cmdline`, 'utf8').then(Boolean, () => false);

async function firstLine(stream: AsyncIterable<Buffer>): Promise<string> {
  let read = '';
  for await (const chunk of stream) {
    read += chunk;
    if (read.includes('\n')) return read.slice(0, read.indexOf('\n'));
  }
  throw new Error(`no line in ${JSON.stringify(read)}`);
}

describe('a command in a container', () => {
  it('has the environment, the folder, two outputs and an exit code', async () => {
    const session = await sh('echo $COLOR; pwd; echo oops >&2; exit 7');
    const [out, err, code] = await Promise.all([text(session.stdout), text(session.stderr!), session.ended]);
    expect(out).toBe(`red\n${workingDir}\n`);
    expect(err).toBe('oops\n');
    expect(code).toBe(7);
  });

  it('reads its input to the end', async () => {
    const session = await open(['cat'], { stdin: true });
    const sent = Buffer.alloc(3_000_000, 'x');
    session.stdin!.end(sent);
    expect((await text(session.stdout)).length).toBe(sent.length);
    expect(await session.ended).toBe(0);
  });

  it('has an empty input when nobody writes', async () => {
    const session = await open(['cat']);
    expect(session.stdin).toBeUndefined();
    expect(await text(session.stdout)).toBe('');
    expect(await session.ended).toBe(0);
  });

  it('may open its streams by name', async () => {
    const session = await sh('cat /dev/stdin >/dev/stdout; echo no >/dev/stderr', { stdin: true });
    session.stdin!.end('yes');
    const [out, err] = await Promise.all([text(session.stdout), text(session.stderr!)]);
    expect([out, err]).toEqual(['yes', 'no\n']);
  });

  it('is told by which signal it ended', async () => {
    expect(await (await sh('kill -TERM $$')).ended).toBe(143);
  });

  it('dies with its session, and all that it started', async () => {
    const session = await sh('trap "" HUP TERM; sleep 1000 & echo $!; wait');
    const child = Number(await firstLine(session.stdout));
    expect(await runs(child)).toBe(true);
    session.close();
    expect(await session.ended).toBe(137);
    await until(async () => !(await runs(child)));
  });

  it.runIf(process.platform === 'linux')(
    'leaves nothing behind, not even in sessions of their own',
    async () => {
      const session = await sh('setsid sleep 1000 >/dev/null 2>&1 & echo $!; sleep 0.1');
      const child = Number(await firstLine(session.stdout));
      expect(await session.ended).toBe(0);
      await until(async () => !(await runs(child)));
    },
  );

  it.each([
    [['nowhere-to-be-found'], 127, 'exec: "nowhere-to-be-found": executable file not found in $PATH'],
    [['/etc/passwd'], 126, 'exec: "/etc/passwd": permission denied'],
    [['/nowhere/at/all'], 127, 'exec: "/nowhere/at/all": no such file or directory'],
  ])('%s cannot be started', async (command, exitCode, message) => {
    await expect(open(command)).rejects.toMatchObject({ name: 'StartError', exitCode, message });
  });
});

describe.runIf(await hasTerminals())('a command in a terminal', () => {
  it('has one, of the size that it is given, and shows what is typed', async () => {
    const session = await sh(
      'test -t 0 && test -t 1 && test -t 2 && read -r a && stty size && echo "<$a>"; exit 5',
      {
        stdin: true,
        tty: true,
      },
    );
    session.resize({ columns: 101, rows: 33 });
    expect(session.stderr).toBeUndefined();
    const output = text(session.stdout);
    setTimeout(() => session.stdin!.write("it's\n"), 300);
    expect(await session.ended).toBe(5);
    expect((await output).split('\r\n')).toEqual(["it's", '33 101', "<it's>", '']);
  });

  it('dies with its session', async () => {
    const session = await sh('echo $$; sleep 1000', { tty: true });
    const pid = Number(await firstLine(session.stdout));
    session.close();
    await session.ended;
    await until(async () => !(await runs(pid)));
  });
});
