// What kernels are assembled for: chosen once for each process and setting.
import { isWideSwitchedOn, switchWide, whyNotSwitchable } from './flag.ts';
import { probe, type Probe } from './probe.ts';

const probes = new Map<string, Probe>();

/** What to assemble kernels for, and if it is not wide, why. */
export function chooseFeatures(relaxed: boolean, wide: 'auto' | boolean, find: typeof probe = probeOnce): Probe {
  if (wide === false) return { ...find(relaxed, false), reason: 'wide: false' };
  const wasOn = isWideSwitchedOn();
  if (wide === true) switchWide(true);
  const found = find(relaxed, true);
  if (found.features.wide) return found;
  // What the engine does not do well it should not do to other modules either.
  if (!wasOn) switchWide(false);
  const hint = whyNotSwitchable() ?? (wide === 'auto' ? 'wide: true switches that on' : undefined);
  return hint === undefined ? found : { ...found, reason: `${found.reason}; ${hint}` };
}

function probeOnce(relaxed: boolean, mayWiden: boolean): Probe {
  const key = `${relaxed} ${mayWiden} ${isWideSwitchedOn()}`;
  const known = probes.get(key) ?? probe(relaxed, mayWiden);
  probes.set(key, known);
  return known;
}
