/** The last parameter of whatever is slow. An aborted signal rejects with its `reason`. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined
}
