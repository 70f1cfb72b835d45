import { applyTar } from './apply-tar.ts'
import { serve } from './worker-duty.ts'

serve('apply', applyTar)
