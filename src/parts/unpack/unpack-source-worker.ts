import { decodeBlob } from './decode-blob.ts'
import { serve } from './worker-duty.ts'

serve('source', decodeBlob)
