import { recordBlob } from './record-blob.ts'
import { serve } from './worker-duty.ts'

serve('record', recordBlob)
