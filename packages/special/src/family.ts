/** Memoizes operations by their index, such as the order of a derivative: equal operations are one primitive and share plans. */
export function family<Index extends readonly (number | boolean)[], Operation>(
  make: (...index: Index) => Operation,
): (...index: Index) => Operation {
  const made = new Map<string, Operation>();
  return (...index) => {
    const key = index.join();
    const operation = made.get(key) ?? make(...index);
    made.set(key, operation);
    return operation;
  };
}
