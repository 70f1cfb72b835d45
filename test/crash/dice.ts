/** Repeatable numbers in [0, 1): a run that failed is run again with its seed. */
export function dice(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** From `SHALE_SEED`, else from the clock. */
export function seedOfRun(): number {
  return Number(process.env['SHALE_SEED'] ?? Date.now() % 1_000_000)
}
