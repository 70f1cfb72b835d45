/** Does every one, also when one before it failed; then fails with the first failure, the others as lines on the error stream. */
export async function forEachName(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const failures: { readonly name: string; readonly error: unknown }[] = []
  for (const name of names) {
    try {
      await act(name)
    } catch (error) {
      failures.push({ name, error })
    }
  }
  const [first, ...others] = failures
  for (const { name, error } of others) {
    process.stderr.write(`shale: ${name}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  if (first !== undefined) throw first.error
}
