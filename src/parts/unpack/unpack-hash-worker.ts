import { hashBlob } from './hash-blob.ts'
import { serve } from './worker-duty.ts'

serve('hash', hashBlob)
