import { RE2JS } from 're2js';

const compiled = new Map<string, RE2JS>();
const KEPT = 2000;

/**
 * A regular expression in the dialect of Kubernetes (RE2), which takes linear time whatever the text.
 * @throws Error when it is none
 */
export function compilePattern(pattern: string): RE2JS {
  let regex = compiled.get(pattern);
  if (!regex) {
    regex = RE2JS.compile(pattern);
    if (compiled.size >= KEPT) compiled.clear();
    compiled.set(pattern, regex);
  }
  return regex;
}

/** Whether the pattern is found in the text. @throws Error when it is no regular expression */
export const matchesPattern = (text: string, pattern: string) => compilePattern(pattern).matcher(text).find();
