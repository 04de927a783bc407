import { readFileSync } from 'node:fs';

/** Added to a port that this process may not bind. */
const SHIFT = 8000;

let firstUnprivileged: number | undefined;

/**
 * The port that stands for a pod's or Service's port on this machine: the port itself, or where only root may listen
 * on it, 8000 more (80 → 8080).
 */
export function bindablePort(port: number): number {
  firstUnprivileged ??= readFirstUnprivilegedPort();
  return port < firstUnprivileged && port > 0 ? port + SHIFT : port;
}

function readFirstUnprivilegedPort(): number {
  if (process.getuid?.() === 0) return 0;
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return 1024;
  }
}
