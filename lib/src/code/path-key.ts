/** A step from a value to one of its parts; null inside of a Map or Set. */
export type PathKey = string | number | AccessorKey | null;

/** The function of a getter or setter, which is no value of the property. */
export interface AccessorKey {
  readonly kind: 'get' | 'set';
  readonly of: string;
}

export const isAccessorKey = (key: PathKey | undefined): key is AccessorKey => typeof key === 'object' && key !== null;
