import { styleText } from 'node:util';
import type { Output } from '../context.ts';

/** What is running, for people. */
export interface Running {
  version: string;
  apiServer: string;
  kubeconfig: string;
  /** Undefined: only the API server runs. */
  parts: { gateway: string; gatewayMetrics: string; controllerMetrics: string } | undefined;
  logFile: string;
  stateDir: string;
  /** Milliseconds from the start of the process. */
  startedInMs: number;
  example?: { name: string; image: string; service: string | undefined } | undefined;
}

/** How to call Kanari in the shell that it was started from. */
const KANARI = 'npx kanari';

/** The text that a started Kanari shows: what is up, where, and what to type next. */
export function welcome(running: Running, output: Output, env: Record<string, string | undefined>): string {
  const colour = output.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  const bold = (text: string) => (colour ? styleText('bold', text, { validateStream: false }) : text);
  const dim = (text: string) => (colour ? styleText('dim', text, { validateStream: false }) : text);
  const row = (label: string, value: string, note = '') =>
    `  ${label.padEnd(17)} ${value}${note && `  ${dim(note)}`}`;
  const command = (text: string, note: string) => `  ${text.padEnd(67)} ${dim(note)}`;

  const { example, parts } = running;
  const lines = [
    '',
    `${bold(`Kanari ${running.version} is up`)}${dim(`${parts ? '' : ', the API server alone'}, in ${(running.startedInMs / 1000).toFixed(1)} s`)}`,
    '',
    row('API server', running.apiServer),
    ...(parts
      ? [
          row('Gateway', parts.gateway, 'serves Ingresses'),
          row('Gateway metrics', parts.gatewayMetrics),
          row('Kanari metrics', parts.controllerMetrics),
        ]
      : []),
    ...(example?.service ? [row('Example', example.service, `Service ${example.name}`)] : []),
    row('Kubeconfig', running.kubeconfig),
    row('Log', running.logFile),
    '',
    bold('Next, in another terminal'),
    '',
    command(`export KUBECONFIG=${running.kubeconfig}`, 'for kubectl'),
  ];
  if (example && parts) {
    lines.push(
      command(`${KANARI} get rollout ${example.name} -w`, 'watch it'),
      command(`${KANARI} set image ${example.name} "*=${example.image}:2.0"`, 'a good version'),
      command(`${KANARI} set image ${example.name} "*=${example.image}:3.0"`, 'a bad one: it is rolled back'),
      command(`while sleep 0.5; do curl -s ${parts.gateway}/; echo; done`, 'what visitors see'),
    );
  } else if (parts) {
    lines.push(command(`${KANARI} list rollouts`, 'what is deployed'));
  }
  lines.push('', dim(`Ctrl-C stops everything; the state is kept in ${running.stateDir}.`), '');
  return lines.join('\n');
}
