import { z } from 'zod'
import { checked } from '../endpoint.ts'
import { chatBody, detail, foveaOptions, pixels } from '../wire/schemas.ts'

const budget = { minPixels: pixels.optional(), maxPixels: pixels.optional() }
const {
  min_p: minP,
  repetition_penalty: repetitionPenalty,
  ignore_eos: ignoreEos,
  guided_regex: regex,
} = chatBody.shape

const settings = z.strictObject({ ...foveaOptions.shape, ...budget, minP, repetitionPenalty, ignoreEos, regex })
const imageOptions = z.strictObject({ detail: detail.optional(), ...budget })

/** What the SDK has no field for: of a model, or of one call as `providerOptions.fovea`. */
export type FoveaSettings = z.infer<typeof settings>
/** How an image is looked at: `providerOptions.fovea` of its part. */
export type FoveaImageOptions = z.infer<typeof imageOptions>

type Options = Readonly<Record<string, unknown>> | undefined

/** The settings of a model under those of a call. Throws ParamError `invalid_request`. */
export const settingsOf = (own: FoveaSettings, given?: Options): FoveaSettings =>
  checked(settings, { ...own, ...(given?.fovea as object | undefined) })

/** Throws ParamError `invalid_request`. */
export const imageOptionsOf = (given: Options): FoveaImageOptions => checked(imageOptions, given?.fovea ?? {})
