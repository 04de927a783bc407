export { type CommandStreams, serveCommand } from './command.ts';
export { type ForwardTarget, parsePort } from './forward.ts';
export { acceptCommand, acceptForward, isUpgradedFirst } from './negotiate.ts';
export { UpgradeError } from './upgrade-error.ts';
export type { Upgrade } from './websocket.ts';
