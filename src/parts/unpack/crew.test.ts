import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isFault } from '#model'
import type { Job } from './crew-job.ts'
import { Crew, type CrewEntries } from './crew.ts'
import { LineStopped } from './shared-line.ts'

const job: Job = {
  blob: { kind: 'fed' },
  target: { directory: '/nowhere', semantics: 'overlay' },
  limits: {},
}

const duty = new URL('./worker-duty.ts', import.meta.url)

/** A worker that does this when a job comes: the body of a function of the line and the job. */
function worker(role: string, body: string): URL {
  const source = `import { serve } from '${duty.href}'; serve('${role}', (job, line) => { ${body} })`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

const forEver = 'line.wait(() => undefined)'

function entries(bodies: { readonly source?: string; readonly record?: string; readonly apply?: string }): CrewEntries {
  return {
    source: worker('source', bodies.source ?? forEver),
    record: worker('record', bodies.record ?? forEver),
    apply: worker('apply', bodies.apply ?? forEver),
  }
}

test('each thread gets the job and gives its part of what was found, one job after another', async () => {
  await using crew = new Crew(
    entries({
      source: 'return { compression: job.target.directory }',
      record: 'return { blobSize: 1 }',
      apply: 'return { entries: 2 }',
    }),
  )
  for (const directory of ['/first', '/second']) {
    const found = await crew.run({ ...job, target: { ...job.target, directory } })
    assert.deepEqual(found, { source: { compression: directory }, record: { blobSize: 1 }, apply: { entries: 2 } })
  }
})

test('the error of the thread that failed first is thrown, and the crew can go on', async () => {
  await using crew = new Crew(
    entries({
      record: "if (job.target.directory === '/nowhere') throw new RangeError('first'); return {}",
      source: "if (job.target.directory === '/nowhere') line.wait(() => undefined); return {}",
      apply:
        "while (job.target.directory === '/nowhere' && !line.stopped); if (line.stopped) throw new Error('second'); return {}",
    }),
  )
  await assert.rejects(crew.run(job), { name: 'RangeError', message: 'first' })
  assert.equal(crew.isBroken, false)
  await crew.run({ ...job, target: { ...job.target, directory: '/somewhere' } })
})

test('stopping the line from the outside frees all threads', async () => {
  await using crew = new Crew(entries({}))
  const running = assert.rejects(crew.run(job), LineStopped)
  await delay(50)
  crew.line.stop()
  await running
  assert.equal(crew.isBroken, false)
})

test('a thread that exits, or throws where nobody catches, fails the job instead of hanging it', async () => {
  const deaths = [
    ['process.exit(3)', 'exit code 3'],
    ["throw new Error('nobody catches this')", 'nobody catches this'],
  ] as const
  for (const [death, problem] of deaths) {
    const source = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${death} })`
    const apply = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
    await using crew = new Crew({ ...entries({}), apply })
    await assert.rejects(crew.run(job), (error) => {
      assert.ok(isFault(error, 'thread-ended'))
      assert.deepEqual([error.failure.thread, error.failure.problem], ['unpack apply', problem])
      return true
    })
    assert.equal(crew.isBroken, true)
    await assert.rejects(crew.run(job), (error) => isFault(error, 'thread-ended'))
  }
})

test('a thread that cannot even start fails the job', async () => {
  await using crew = new Crew({ ...entries({}), record: new URL('./no-such-worker.ts', import.meta.url) })
  await assert.rejects(crew.run(job), (error) => isFault(error, 'thread-ended'))
})

test('a job that cannot cross to a thread is refused before any has begun', async () => {
  await using crew = new Crew(entries({ source: 'return {}', record: 'return {}', apply: 'return {}' }))
  const uncloneable = Object.assign({}, job, { limits: () => undefined })
  await assert.rejects(crew.run(uncloneable), { name: 'DataCloneError' })
  await crew.run(job)
})
