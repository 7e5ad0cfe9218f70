// The flag by which V8 pairs vectors of 128 bits into vectors of 256, for as long as it is off by default.

/** The first major version of V8, that of Node 24, which pairs the vectors of a register tile. */
const firstMajor = 13;
/** From this one on the flag is no longer called experimental. */
const stableMajor = 15;

let isOn = false;

/** Why {@link switchWide} cannot switch it here; `undefined` if it can. */
export function whyNotSwitchable(): string | undefined {
  if (v8Major() === undefined) return 'only Node lets a program switch that on';
  return v8Major()! < firstMajor ? 'Node 24 and later can' : undefined;
}

/**
 * Switches the flag on for modules that are compiled from now on, in all threads of the process, or off again; nothing where
 * it is {@link whyNotSwitchable}.
 */
export function switchWide(on: boolean): void {
  // V8 complains about an unknown flag on the standard error output.
  if (on === isOn || whyNotSwitchable() !== undefined) return;
  const name = `${v8Major()! < stableMajor ? 'experimental-' : ''}wasm-revectorize`;
  globalThis.process?.getBuiltinModule?.('node:v8').setFlagsFromString(`--${on ? '' : 'no-'}${name}`);
  isOn = on;
}

/** Whether {@link switchWide} has switched it on. */
export function isWideSwitchedOn(): boolean {
  return isOn;
}

/** The major version of V8, in Node. */
function v8Major(): number | undefined {
  const hasFlags = globalThis.process?.getBuiltinModule?.('node:v8') !== undefined;
  const major = Number.parseInt(globalThis.process?.versions?.v8 ?? '', 10);
  return hasFlags && !Number.isNaN(major) ? major : undefined;
}
