/** Makes the operations of a family that is numbered, such as derivatives by order, when each is asked for first. */
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
