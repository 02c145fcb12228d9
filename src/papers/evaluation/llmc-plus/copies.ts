/** Quantized copies of a model: fake-quantized, as the toolkit evaluates them, so that nothing but the weights differs. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { worldCalibration } from '../../../evaluation/calibration.ts'
import { loadModel } from '../../../evaluation/load-model.ts'
import { localSource } from '../../../hub/model-source.ts'
import { readModel } from '../../../loading/node-read-model.ts'
import type { Model } from '../../../pipeline/model.ts'
import { observedInputs } from '../../../quantization/schemes/calibrate.ts'
import type { Bits } from '../../../quantization/schemes/grid.ts'
import { quantizeFolder } from '../../../quantization/schemes/node-quantize-folder.ts'
import type { Scheme } from '../../../quantization/schemes/scheme.ts'
import { NodeBackend } from '../../../runtime/node/backend.ts'
import type { Lab } from '../../reports/lab.ts'

/** Works with the model of the lab in few bits, calibrated on the World; the copy is gone when `use` is done. */
export async function withCopy<T>(lab: Lab, scheme: Scheme, bits: Bits, use: (model: Model) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-llmc-'))
  let model: Model | undefined
  try {
    const out = join(folder, 'copy')
    const { architecture, stored } = await readModel(await localSource(lab.base))
    const calibrates = scheme !== 'rtn'
    const statistics = calibrates ? await observedInputs(await lab.model(), worldCalibration.samples(), new NodeBackend()) : undefined // biome-ignore format: one step
    await quantizeFolder({ folder: lab.base, out, architecture, stored, scheme, bits, statistics, signal: lab.signal })
    model = await loadModel(out, { signal: lab.signal })
    return await use(model)
  } finally {
    await model?.dispose()
    await rm(folder, { recursive: true, force: true })
  }
}
