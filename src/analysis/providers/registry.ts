import type { Metric } from '../../api/index.ts';
import { MeasurementError } from './error.ts';
import { job } from './job.ts';
import { prometheus } from './prometheus.ts';
import type { Provider } from './provider.ts';
import { web } from './web.ts';

/** The providers by their key in `metric.provider`. */
const providers: ReadonlyMap<string, Provider> = new Map<string, Provider>([
  ['prometheus', prometheus],
  ['web', web],
  ['job', job],
]);

/** @throws MeasurementError when the provider is not one of this version's */
export function providerOf({ provider }: Metric): Provider {
  const key = Object.entries(provider).find(([, value]) => value !== undefined && value !== null)?.[0] ?? '';
  const found = providers.get(key);
  if (found) return found;
  throw new MeasurementError(
    `provider ${JSON.stringify(key)} is not supported by this version of Kanari; supported: ${[...providers.keys()].join(', ')}`,
  );
}
