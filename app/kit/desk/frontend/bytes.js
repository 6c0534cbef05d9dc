// What Python sends: a head in JSON and the numbers behind it, in one run of bytes.
// "OTD1", length of the head (uint32), head, zeros up to a multiple of 8, numbers. A number array is {at, n, type}.

const TYPES = { u8: Uint8Array, i8: Int8Array, i16: Int16Array, f32: Float32Array, f64: Float64Array };

/** The head, and a function that gives the array of a reference, without copying. */
export function unpack(buffer) {
  const bytes = new Uint8Array(buffer);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== "OTD1") {
    throw new Error(`The desk was sent ${JSON.stringify(magic)}; expected OTD1. Reload the page.`);
  }
  const length = new DataView(buffer).getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const begin = Math.ceil((8 + length) / 8) * 8;
  return { head, numbers: (ref) => new TYPES[ref.type](buffer, begin + ref.at, ref.n) };
}
