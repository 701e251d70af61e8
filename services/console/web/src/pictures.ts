/** Photos as phones take them are many times larger than anybody looks at: they are made smaller before they are sent. */
const LONGEST_SIDE = 2560
const QUALITY = 0.85
/** Bytes up to which a photo is sent as it is. */
const SMALL = 1_500_000

/** Return a photo made smaller; the file as it is where it is small, or no picture that this browser reads. */
export async function shrink(file: File): Promise<File> {
  if (!file.type.startsWith('image/') || file.size <= SMALL) return file
  const picture = await createImageBitmap(file).catch(() => null)
  if (!picture) return file
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(picture.width * scale)
  canvas.height = Math.round(picture.height * scale)
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
  const made = await new Promise<Blob | null>((take) => canvas.toBlob(take, 'image/jpeg', QUALITY))
  return made && made.size < file.size ? new File([made], file.name.replace(/\.\w+$/, '.jpg'), { type: 'image/jpeg' }) : file
}
