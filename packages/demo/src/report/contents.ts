// What a report shows.
import type { VerificationReport } from '@thetagrad/a-softmax';

/** Contents of a report: plain data, no tensors. */
export interface Report {
  readonly title: string;
  /** Data set, sizes and seed in a line. */
  readonly summary: string;
  readonly created: Date;
  /** Command line that reproduces this report. */
  readonly command: string;
  /** Data set, classes, network, steps, machine and so on. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly samples: { readonly seen: SampleSheet; readonly unseen: SampleSheet };
  /** At least one; pictures show the first. */
  readonly seeds: readonly number[];
  /** At least one, in the order of the table and of the colors; the first is the baseline. */
  readonly methods: readonly MethodResult[];
  /** Features of embeddings of 2 and 3 dimensions; may be empty. */
  readonly planes: readonly FeaturePlot[];
}

/** Sample images by class, of which the report shows at most 8 classes and 10 images of each. */
export interface SampleSheet {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** One row per class; each image has shape (C, H, W). */
  readonly rows: readonly { readonly className: string; readonly images: readonly Uint8Array[] }[];
}

/** Scores of a verification. */
export type Scores = Pick<
  VerificationReport,
  | 'accuracy'
  | 'eer'
  | 'auc'
  | 'tarAtFar'
  | 'rank1'
  | 'rank1WithDistractors'
  | 'angularFisherScore'
  | 'largestIntraClassAngle'
  | 'smallestInterClassAngle'
>;

/** Training curve and verification of one method. */
export interface MethodResult {
  readonly name: string;
  /** Values by ascending step; pictures omit those that are not finite. */
  readonly curve: readonly {
    readonly step: number;
    readonly loss: number;
    /** Share of the batch classified correctly. */
    readonly accuracy?: number;
    readonly lambda?: number;
  }[];
  /** Training time. */
  readonly seconds: number;
  /** Verification on unseen classes. */
  readonly verification: VerificationReport;
  /** Scores without one part of the unseen classes each, the same parts for all methods; may be empty. */
  readonly parts: readonly Partial<Scores>[];
  /** Results of each further seed. */
  readonly repeats: readonly { readonly scores: Scores; readonly seconds: number }[];
}

/** Features of a 2-D or 3-D embedding of one method. */
export interface FeaturePlot {
  /** Name of the method. */
  readonly method: string;
  readonly dimension: 2 | 3;
  /** Features of shape (N, dimension). */
  readonly features: Float32Array;
  /** Indices into `classNames`, of shape (N). */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Weight vectors of the classes, of shape (classes, dimension) and any length. */
  readonly weights?: Float32Array;
}
