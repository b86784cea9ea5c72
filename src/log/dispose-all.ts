/** Disposes each of them, whatever the others do, and throws the first failure afterwards. */
export async function disposeAll(parts: Iterable<AsyncDisposable>): Promise<void> {
  const done = await Promise.allSettled([...parts].map((part) => part[Symbol.asyncDispose]()));
  const failed = done.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
