// The flag by which V8 pairs vectors of 128 bits into vectors of 256, for as long as it is off by default.

/** The first major version of V8 that has the flag. */
const firstMajor = 12;
/** From this one on it is no longer called experimental. */
const stableMajor = 15;

let isOn = false;

/**
 * Switches the flag on for modules that are compiled from now on, in all threads of the process, or off again.
 * @returns why it cannot be switched here, or `undefined`.
 */
export function switchWide(on: boolean): string | undefined {
  if (on === isOn) return undefined;
  const major = Number.parseInt(globalThis.process?.versions?.v8 ?? '', 10);
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8');
  if (!v8 || Number.isNaN(major)) return 'only Node lets a program switch it on';
  // V8 complains about an unknown flag on the standard error output.
  if (major < firstMajor) return 'this engine lacks it';
  v8.setFlagsFromString(`--${on ? '' : 'no-'}${major < stableMajor ? 'experimental-' : ''}wasm-revectorize`);
  isOn = on;
  return undefined;
}

/** Whether {@link switchWide} has switched it on. */
export function isWideSwitchedOn(): boolean {
  return isOn;
}
