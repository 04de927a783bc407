/** A field that is refused, as Kubernetes' `field.Error`; the server joins them into a 422 Status. */
export interface FieldError {
  type:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'FieldValueNotFound';
  /** Path from the object's root, e.g. `spec.template.spec.containers[0].image`. */
  field: string;
  /** The refused value; printed for Invalid, NotSupported, Duplicate, TypeInvalid and NotFound. */
  value?: unknown;
  detail: string;
}

/** A refused value that messages show as it is, e.g. `0x0`, where others are quoted as JSON. */
export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
