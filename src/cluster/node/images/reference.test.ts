import { expect, it } from 'vitest';
import { isImageReference } from './reference.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

it.each([
  'nginx',
  'nginx:1.27',
  'my_org/my-app__x/y.z:V1_0-rc.1',
  'localhost:5000/app',
  'GHCR.io/me/shop:latest',
  '[::1]:5000/app',
  `registry.example.com/a/b:1@${digest}`,
])('%s names an image', (text) => expect(isImageReference(text)).toBe(true));

it.each([
  '',
  'Nginx',
  'me/Shop:1',
  'nginx:',
  'nginx:a:b',
  'nginx: 1',
  '-nginx',
  'a//b',
  'https://ghcr.io/me/shop',
  'nginx@sha256:12',
])('%j names none', (text) => expect(isImageReference(text)).toBe(false));
