/** `/version`: the Kubernetes that this server answers like. */
export const VERSION = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.2+kanari',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2025-11-11T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};
