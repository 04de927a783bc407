/** What a shell shall make of the candidates; the numbers are those of cobra's protocol, which kubectl speaks. */
export const directives = {
  /** Complete file names if there are no candidates. */
  default: 0,
  /** Something failed: show nothing. */
  error: 1,
  /** Never complete file names. */
  noFiles: 4,
} as const;
