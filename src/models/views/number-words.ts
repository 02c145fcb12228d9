const SMALL = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
]
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety']

/** A whole number below a million in English words, as the Python package num2words writes it. */
export function numberWords(value: number): string {
  if (value < 20) return SMALL[value]
  if (value < 100) return TENS[Math.floor(value / 10)] + (value % 10 ? `-${SMALL[value % 10]}` : '')
  if (value < 1000) return joined(`${SMALL[Math.floor(value / 100)]} hundred`, value % 100)
  return joined(`${numberWords(Math.floor(value / 1000))} thousand`, value % 1000)
}

/** `one thousand`, `one thousand and five`, `one thousand, one hundred` */
function joined(head: string, rest: number): string {
  if (rest === 0) return head
  return `${head}${rest < 100 ? ' and' : ','} ${numberWords(rest)}`
}
