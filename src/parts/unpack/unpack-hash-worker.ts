import { hashBlob } from './hash-blob.ts'
import { serve } from './worker-duty.ts'

serve('hash', (_job, line) => hashBlob(line))
