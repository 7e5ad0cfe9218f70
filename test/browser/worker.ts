// The script of a worker: see page.test.ts.
import { probe } from './probe.ts';

probe().then(
  (findings) => postMessage(findings),
  (error: unknown) => postMessage(String(error)),
);
