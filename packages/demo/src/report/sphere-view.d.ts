/** What is drawn: unit vectors as x, y, z in whole thousandths, one after the other. */
export interface SphereScene {
  /** The vectors of each class. */
  readonly points: readonly (readonly number[])[];
  /** The direction of each class. */
  readonly directions: readonly number[];
}

/** Where the viewer is, in radians; z points up. */
export interface SphereViewpoint {
  readonly azimuth: number;
  readonly elevation: number;
}

export interface SphereDrawing {
  /** Paths from back to front: the far graticule, the far points of each class, and the near ones likewise. */
  readonly layers: readonly string[];
  /** Where the directions are, and whether on the near side. */
  readonly labels: readonly { readonly x: number; readonly y: number; readonly front: boolean }[];
}

export function drawSphere(scene: SphereScene, view: SphereViewpoint): SphereDrawing;
