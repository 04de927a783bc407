import { readFileSync } from 'node:fs';
import { release, type } from 'node:os';
import type { NodeSystemInfo } from 'kubernetes-types/core/v1.d.ts';

type MachineInfo = Omit<NodeSystemInfo, 'containerRuntimeVersion' | 'kubeletVersion' | 'kubeProxyVersion'>;

/** What the node's status says of the machine; empty where the machine does not say it. */
export function machineInfo(): MachineInfo {
  const machineID = read('/etc/machine-id') || read('/var/lib/dbus/machine-id');
  return {
    architecture: architecture(),
    operatingSystem: process.platform,
    kernelVersion: release(),
    osImage: osName(read('/etc/os-release')) || `${type()} ${release()}`,
    machineID,
    systemUUID: read('/sys/class/dmi/id/product_uuid') || machineID,
    bootID: read('/proc/sys/kernel/random/boot_id'),
  };
}

/** The processors' architecture, as Go names it. */
export function architecture(): string {
  const names: Record<string, string> = { x64: 'amd64', ia32: '386' };
  return names[process.arch] ?? process.arch;
}

/** `PRETTY_NAME` of an os-release file. */
export function osName(osRelease: string): string {
  const value = /^PRETTY_NAME=(.*)$/m.exec(osRelease)?.[1] ?? '';
  return value.replace(/^(["'])(.*)\1$/, '$2');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
