import { RE2JS, RE2JSException } from 're2js';

/** A regular expression of RE2, which matches in linear time whatever the pattern; or what is wrong with it. */
export function compilePattern(pattern: string): { test(text: string): boolean } | { problem: string } {
  try {
    const compiled = RE2JS.compile(pattern);
    return { test: (text) => compiled.matcher(text).find() };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { problem: error.message };
  }
}
