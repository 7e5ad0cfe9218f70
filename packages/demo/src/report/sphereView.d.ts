/** Unit vectors to draw, as flat x, y, z in integer thousandths. */
export interface SphereScene {
  /** Vectors of each class. */
  readonly points: readonly (readonly number[])[];
  /** Direction of each class. */
  readonly directions: readonly number[];
}

/** Direction of the viewer, in radians; z points up. */
export interface SphereViewpoint {
  readonly azimuth: number;
  readonly elevation: number;
}

/** Projection of a scene. */
export interface SphereDrawing {
  /** Paths from back to front: the far graticule and the far points of each class, then the near ones. */
  readonly layers: readonly string[];
  /** Positions of the directions, and whether they are on the near side. */
  readonly labels: readonly { readonly x: number; readonly y: number; readonly front: boolean }[];
}

/** Projects a scene orthographically onto a circle of radius 100 about the origin, y downwards. */
export function drawSphere(scene: SphereScene, view: SphereViewpoint): SphereDrawing;
