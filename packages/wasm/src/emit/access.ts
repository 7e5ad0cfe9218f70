/** How an innermost loop accesses the memory of an operand. */
export type Access = 'contiguous' | 'broadcast' | 'strided';

/** @param stride The distance of neighbors along the loop, in elements. */
export function accessOf(stride: number): Access {
  return stride === 1 ? 'contiguous' : stride === 0 ? 'broadcast' : 'strided';
}
