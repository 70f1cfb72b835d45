import { writeSync } from 'node:fs'

/**
 * Writes text to standard output at once. Node's own stream for it costs a third of the start of a small command. Where the other
 * end is slow and the descriptor does not wait, the stream takes over; where nobody reads any more, the process ends quietly.
 */
export function printText(text: string): void {
  let rest: Uint8Array = Buffer.from(text)
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EPIPE') process.exit(0)
    if (code !== 'EAGAIN') throw error
    process.stdout.write(rest)
  }
}
