// The script of a frame: see page.test.ts.
import { probe } from './probe.ts';

probe().then(
  (findings) => parent.postMessage(findings),
  (error: unknown) => parent.postMessage(String(error)),
);
