/** Of this program; equal to the one in package.json, which a test holds it to. */
export const version = '0.1.0'
