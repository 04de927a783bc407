import type { KubeObject } from '../../../api/index.ts';
import type { Schema } from '../schema/schema.ts';

/** A CustomResourceDefinition of `apiextensions.k8s.io/v1`, as far as it is read here. */
export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string;
    /** `Namespaced` or `Cluster`. */
    scope: string;
    names: CrdNames;
    versions: CrdVersion[];
    conversion?: { strategy: string };
    preserveUnknownFields?: boolean;
  };
  status?: {
    conditions?: {
      type: string;
      status: string;
      reason?: string;
      message?: string;
      lastTransitionTime?: string;
    }[];
    acceptedNames?: Partial<CrdNames>;
    storedVersions?: string[];
  };
}

interface CrdNames {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  /** A Schema; as wide as the client's types are. */
  schema?: { openAPIV3Schema?: object };
  subresources?: {
    status?: object;
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  };
  additionalPrinterColumns?: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
}

export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  format?: string;
  description?: string;
  priority?: number;
}

/** The schema of a version; undefined when the CRD has none. */
export const schemaOf = (version: CrdVersion) => version.schema?.openAPIV3Schema as Schema | undefined;
