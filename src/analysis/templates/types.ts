import type {
  AnalysisTemplate,
  Argument,
  DryRun,
  MeasurementRetention,
  Rollout,
  RolloutAnalysisArg,
  TemplateRef,
} from '../../api/index.ts';

/** Where references to templates are looked up. */
export interface TemplateLibrary {
  /** AnalysisTemplates of the namespace of the Rollout or Experiment, by name. */
  namespaceTemplates: ReadonlyMap<string, AnalysisTemplate>;
  /** ClusterAnalysisTemplates, by name. */
  clusterTemplates: ReadonlyMap<string, AnalysisTemplate>;
}

/** What a run is made of when its arguments are already values or Secret references (Experiments, command line). */
export interface RunSpecInput extends TemplateLibrary {
  /** In the order in which the user wrote them. */
  templates: readonly TemplateRef[];
  args?: readonly Argument[];
  dryRun?: readonly DryRun[];
  measurementRetention?: readonly MeasurementRetention[];
}

/** What the arguments of a Rollout's analysis may refer to (ANA §2.3). */
export interface RolloutValues {
  /** Pod-template hash of the stable ReplicaSet; undefined counts as empty. */
  stableHash?: string;
  /** Pod-template hash of the new ReplicaSet; undefined counts as empty. */
  latestHash?: string;
  rollout: Rollout;
}

/** What a run is made of when a Rollout asks for it. */
export interface RolloutRunSpecInput extends Omit<RunSpecInput, 'args'> {
  args?: readonly RolloutAnalysisArg[];
  values: RolloutValues;
}

/** Why templates do not make a run. */
export interface TemplateError {
  /** The field at fault when it is not the list of references itself: `spec.templates` of a nested template. */
  path?: string;
  /** The value at fault, for `Invalid value: "…"`. */
  value: string;
  message: string;
}
