// Where a checkout starts: the built package has its own file for this, in words that an old Node.js can read.
process.env['UV_THREADPOOL_SIZE'] ??= '16'
const { main } = await import('./main.ts')
await main()
