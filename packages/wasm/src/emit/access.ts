/** How the elements that an operand contributes to an innermost loop lie in memory. */
export type Access = 'contiguous' | 'broadcast' | 'strided';

/** @param stride The distance of neighbours along the loop, in elements. */
export function accessOf(stride: number): Access {
  return stride === 1 ? 'contiguous' : stride === 0 ? 'broadcast' : 'strided';
}
