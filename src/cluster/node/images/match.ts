/** How image names are compared with the names in the image table. */

interface ImageName {
  repository: string;
  tag: string;
}

/** `nginx` → docker.io/library/nginx, latest. A digest counts as the tag. */
function parseImageName(name: string): ImageName {
  const [beforeDigest = '', digest] = name.split('@', 2);
  const colon = beforeDigest.lastIndexOf(':');
  const hasTag = colon > beforeDigest.lastIndexOf('/');
  const repository = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  const tag = hasTag ? beforeDigest.slice(colon + 1) : (digest ?? 'latest');
  return { repository: withRegistry(repository), tag };
}

function withRegistry(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  if (rest.length === 0) return `docker.io/library/${first}`;
  const isHost = /[.:]/.test(first) || first === 'localhost' || first === '*';
  return isHost ? repository : `docker.io/${repository}`;
}

/**
 * Whether a name of the table means an image: the same repository after filling in `docker.io` and `library`, and the
 * same tag. A name without a tag means every tag; `*` stands for any text within the repository or the tag.
 */
export function matchesImage(pattern: string, image: string): boolean {
  const wanted = parseImageName(pattern);
  const actual = parseImageName(image);
  const anyTag = !pattern.includes('@') && !/:[^/]*$/.test(pattern);
  return glob(wanted.repository).test(actual.repository) && (anyTag || glob(wanted.tag).test(actual.tag));
}

function glob(pattern: string): RegExp {
  const parts = pattern.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
