/** The crops of Gemma 3 (arXiv 2503.19786, section 2.1): a long image is also seen in parts along its longer side. */
import type { RgbImage } from '../../media/image.ts'
import { cropImage, type PreprocessorConfig } from './image-processor.ts'
import type { Box } from './view.ts'

interface Part {
  readonly image: RgbImage
  /** Where it lies in the whole. */
  readonly box: Box
}

/** None of an image that is nearly square, or whose parts would be too small. */
export function panAndScan(
  image: RgbImage,
  {
    pan_and_scan_min_crop_size: least = 256,
    pan_and_scan_max_num_crops: most = 4,
    pan_and_scan_min_ratio_to_activate: ratio = 1.2,
  }: Partial<PreprocessorConfig>,
): Part[] {
  const { width, height } = image
  const [long, short] = [Math.max(width, height), Math.min(width, height)]
  if (long / short < ratio) return []
  const fitting = Math.min(Math.floor(long / least), Math.floor(long / short + 0.5))
  const count = Math.min(most, Math.max(2, fitting))
  const length = Math.ceil(long / count)
  if (Math.min(length, short) < least) return []
  return Array.from({ length: count }, (_, part): Part => {
    const rest = Math.min(length, long - part * length) // the last one may be shorter
    const box =
      width >= height
        ? { left: part * length, top: 0, width: rest, height }
        : { left: 0, top: part * length, width, height: rest }
    return { image: cropImage(image, box), box }
  })
}
