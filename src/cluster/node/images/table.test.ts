import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silent, until } from '../testing/harness.ts';
import { matchesImage } from './match.ts';
import { BundledPrograms } from './programs.ts';
import { ImageTable, parseImageFile } from './table.ts';

let folder: string;
let path: string;
let table: ImageTable | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kanari-images-'));
  path = join(folder, 'images.yaml');
});
afterEach(async () => {
  table?.close();
  await rm(folder, { recursive: true });
});

function open(text?: string): ImageTable {
  if (text !== undefined) writeFileSync(path, text);
  table = new ImageTable({
    paths: [path],
    advised: path,
    programs: new BundledPrograms(folder),
    log: silent,
  });
  return table;
}

describe('image names', () => {
  it.each([
    ['nginx', 'nginx:1.27', true],
    ['nginx', 'docker.io/library/nginx@sha256:0123', true],
    ['nginx:1.27', 'nginx:1.28', false],
    ['nginx:1.*', 'nginx:1.28', true],
    ['nginx:latest', 'nginx', true],
    ['particule/simplecolorapi:1.0', 'docker.io/particule/simplecolorapi:1.0', true],
    ['ghcr.io/me/*', 'ghcr.io/me/app:2', true],
    ['localhost:5000/app', 'localhost:5000/app:3', true],
    ['app', 'other/app', false],
    ['a.b', 'aXb', false],
  ])('%s means %s: %s', (pattern, image, expected) => {
    expect(matchesImage(pattern, image)).toBe(expected);
  });
});

describe('the image table', () => {
  it('has the stand-ins of post 1', () => {
    expect(open().find('particule/simplecolorapi:3.0').env).toEqual({ COLOR: 'black', STATUS: 'nok' });
    expect(() => open().find('particule/simplecolorapi:4.0')).toThrow(/no program is known for image/);
  });

  it("takes the user's entries first, in their order", () => {
    const own = open(`
images:
- {image: 'nginx:1.27', command: [/bin/first]}
- {image: nginx, command: [/bin/second], args: [-x], env: {N: 1, ON: true}, port: 81, workingDir: /srv}
`);
    expect(own.find('nginx:1.27').command).toEqual(['/bin/first']);
    expect(own.find('nginx:1.28')).toMatchObject({
      command: ['/bin/second'],
      args: ['-x'],
      env: { N: '1', ON: 'true' },
      port: 81,
      workingDir: '/srv',
    });
  });

  it('reads a changed file again', async () => {
    let changed = false;
    open('images: []').watch(() => {
      changed = true;
    });
    writeFileSync(path, 'images: [{image: mine, command: [x]}]');
    await until(() => changed);
    await until(() => {
      try {
        return table!.find('mine').command;
      } catch {
        return undefined;
      }
    });
  });

  it.each([
    ['images: {}', 'the file must hold "images:" with a list of entries'],
    ['- image: x', 'the file must hold "images:" with a list of entries'],
    ['images: []\nimage: x', 'unknown field "image"; allowed: images'],
    ['images: [{command: [x]}]', 'images[0]: "image" is required'],
    ['images: [{image: x}]', 'images[0] (x): one of "command" (a list'],
    ['images: [{image: x, command: [y], program: web}]', '"command" and "program" exclude each other'],
    ['images: [{image: x, command: y}]', '"command" must be array'],
    ['images: [{image: x, program: wob}]', '"program" must be one of "web"'],
    ['images: [{image: x, comand: [y]}]', 'unknown field "comand"; allowed: image, command, program'],
    ['images: [{image: x, command: [y], port: 0}]', '"port" must be >= 1'],
    ['images: [{image: x, command: [y], env: {A: []}}]', '"env.A" must be a text, a number, true or false'],
    ['images: [', 'at line 1'],
  ])('names what is wrong in %s', (text, message) => {
    expect(parseImageFile(text).problems.join('\n')).toContain(message);
  });

  it('leaves a bad entry out, keeps the others, and names it where an image is missed', () => {
    const own = open('images:\n- {image: good, command: [x]}\n- {image: bad, commnd: [x]}\n');
    expect(own.find('good').command).toEqual(['x']);
    expect(() => own.find('bad')).toThrow(`Note: in ${path}, images[1] (bad): unknown field "commnd"`);
  });
});
