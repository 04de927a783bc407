import type { KubeObject } from '../../../api/index.ts';
import { SYSTEM_CLASSES } from '../kinds/priority-classes.ts';
import type { Core } from '../rest/core.ts';
import { installMissing } from './install.ts';

/** Makes the priority classes of the system that are missing. */
export async function installPriorityClasses(core: Core): Promise<void> {
  await Promise.all(
    SYSTEM_CLASSES.map((each) =>
      installMissing(core, ['scheduling.k8s.io', 'v1', 'priorityclasses'], each as KubeObject),
    ),
  );
}
