/**
 * The four kinds of patches, and who owns which field. Pure: an object goes in, a changed copy comes out; whether it may
 * be stored is for others to say.
 */
export { type ApplyConflict, serverSideApply } from './apply.ts';
export { PatchError } from './error.ts';
export { applyJsonPatch } from './json-patch.ts';
export { applyMergePatch } from './merge-patch.ts';
export { applyStrategicMergePatch } from './strategic.ts';
export { goText, typedProblem } from './typed.ts';
export { trackUpdate } from './update.ts';
