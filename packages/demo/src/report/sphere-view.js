/**
 * The unit sphere seen from a direction. This file is JavaScript because it runs twice: the report's static picture is
 * drawn with it, and the same text is put into the report, where it redraws the picture when the reader drags it.
 */

const RADIUS = 100;

/**
 * Orthographic projection onto a circle of radius 100 about the origin, y downwards.
 *
 * @param scene see sphere-view.d.ts
 * @param view azimuth and elevation of the viewer in radians
 */
export function drawSphere({ points, directions }, { azimuth, elevation }) {
  const [sinA, cosA, sinE, cosE] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)];
  const project = (x, y, z) => ({
    x: RADIUS * (y * cosA - x * sinA),
    y: RADIUS * ((x * cosA + y * sinA) * sinE - z * cosE),
    front: (x * cosA + y * sinA) * cosE + z * sinE >= 0,
  });
  const each = (triples, draw) => {
    for (let i = 0; i < triples.length; i += 3) {
      draw(project(triples[i] / 1000, triples[i + 1] / 1000, triples[i + 2] / 1000));
    }
  };

  const split = (triples) => {
    const halves = { back: '', front: '' };
    each(triples, ({ x, y, front }) => {
      halves[front ? 'front' : 'back'] += `M${x.toFixed(1)},${y.toFixed(1)}h0`;
    });
    return halves;
  };
  const grid = graticule(project);
  const dots = points.map(split);
  const labels = [];
  each(directions, ({ x, y, front }) => labels.push({ x, y, front }));
  return {
    layers: [grid.back, ...dots.map(({ back }) => back), grid.front, ...dots.map(({ front }) => front)],
    labels,
  };
}

/** Meridians and parallels 30° apart, the parts on the near and on the far side. */
function graticule(project) {
  const degree = Math.PI / 180;
  const curves = [];
  const steps = Array.from({ length: 73 }, (_, i) => i * 5 * degree);
  for (let longitude = 0; longitude < 180; longitude += 30) {
    const [c, s] = [Math.cos(longitude * degree), Math.sin(longitude * degree)];
    curves.push(steps.map((t) => project(c * Math.cos(t), s * Math.cos(t), Math.sin(t))));
  }
  for (let latitude = -60; latitude <= 60; latitude += 30) {
    const [c, s] = [Math.cos(latitude * degree), Math.sin(latitude * degree)];
    curves.push(steps.map((t) => project(c * Math.cos(t), c * Math.sin(t), s)));
  }
  const halves = { back: '', front: '' };
  for (const curve of curves) {
    let before;
    for (const { x, y, front } of curve) {
      const half = front ? 'front' : 'back';
      halves[half] += `${half === before ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`;
      before = half;
    }
  }
  return halves;
}

/** Lets the reader turn a sphere with the mouse, a finger or the arrow keys. */
function makeTurnable(svg) {
  const scene = JSON.parse(svg.dataset.scene);
  const view = JSON.parse(svg.dataset.view);
  const layers = svg.querySelectorAll('[data-layer]');
  const labels = svg.querySelectorAll('[data-label]');
  const turn = (right, up) => {
    view.azimuth -= right;
    view.elevation = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, view.elevation + up));
    const drawing = drawSphere(scene, view);
    layers.forEach((path, i) => path.setAttribute('d', drawing.layers[i]));
    labels.forEach((label) => {
      const { x, y, front } = drawing.labels[label.dataset.label];
      label.setAttribute('transform', `translate(${x.toFixed(1)},${y.toFixed(1)})`);
      label.classList.toggle('far', !front);
    });
  };

  let grip;
  svg.addEventListener('pointerdown', (event) => {
    grip = { x: event.clientX, y: event.clientY };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', (event) => {
    if (!grip) return;
    const scale = 2.4 / svg.clientWidth;
    turn((event.clientX - grip.x) * scale, (event.clientY - grip.y) * scale);
    grip = { x: event.clientX, y: event.clientY };
  });
  for (const type of ['pointerup', 'pointercancel']) svg.addEventListener(type, () => (grip = undefined));

  const keys = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  svg.addEventListener('keydown', (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    turn(...keys[event.key]);
  });
  svg.setAttribute('tabindex', '0');
  svg.classList.add('turnable');
}

if (typeof document !== 'undefined') {
  document.querySelectorAll('svg[data-scene]').forEach(makeTurnable);
  document.querySelectorAll('.turn-hint').forEach((hint) => hint.removeAttribute('hidden'));
}
