import type { ImageEntry } from './entry.ts';

const color = (name: string, status = 'ok') => ({ COLOR: name, STATUS: status });

/** Stand-ins for the images of tutorials. A user's images.yaml comes first. */
export const bundledImages: readonly ImageEntry[] = [
  { image: 'particule/simplecolorapi:1.0', program: 'web', port: 5000, env: color('red') },
  { image: 'particule/simplecolorapi:2.0', program: 'web', port: 5000, env: color('blue') },
  { image: 'particule/simplecolorapi:3.0', program: 'web', port: 5000, env: color('black', 'nok') },
  ...['red', 'orange', 'yellow', 'green', 'blue', 'purple'].flatMap((name): ImageEntry[] => [
    {
      image: `argoproj/rollouts-demo:bad-${name}`,
      program: 'web',
      port: 8080,
      env: { MODE: 'demo', COLOR: name, ERROR_RATE: 0.15 },
    },
    {
      image: `argoproj/rollouts-demo:slow-${name}`,
      program: 'web',
      port: 8080,
      env: { MODE: 'demo', COLOR: name, LATENCY: '2s' },
    },
    {
      image: `argoproj/rollouts-demo:${name}`,
      program: 'web',
      port: 8080,
      env: { MODE: 'demo', COLOR: name },
    },
  ]),
  {
    image: 'nginx',
    program: 'web',
    port: 80,
    env: { BODY: '<h1>A web server is running here</h1>\n', CONTENT_TYPE: 'text/html' },
  },
  // The machine's own shell, for pods that bring their command.
  { image: 'busybox', command: [], args: ['sh'] },
  { image: 'alpine', command: [], args: ['sh'] },
  { image: 'bash', command: [], args: ['bash'] },
];
