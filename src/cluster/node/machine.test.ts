import { expect, it } from 'vitest';
import { machineInfo, osName } from './machine.ts';

it('names the operating system as os-release does', () => {
  expect(osName('NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe(
    'Debian GNU/Linux 12 (bookworm)',
  );
  expect(osName('PRETTY_NAME=Alpine\n')).toBe('Alpine');
  expect(osName('')).toBe('');
});

it('always knows the kernel, the system and the architecture', () => {
  const { architecture, kernelVersion, operatingSystem, osImage } = machineInfo();
  expect(architecture).toMatch(/^\w+$/);
  expect(operatingSystem).toBe(process.platform);
  expect(kernelVersion).not.toBe('');
  expect(osImage).not.toBe('');
});
