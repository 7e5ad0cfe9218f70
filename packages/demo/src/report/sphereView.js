/**
 * View of the unit sphere. In JavaScript, because it runs twice: Node draws the static picture with it, and the report
 * contains its text, which redraws the picture when the reader rotates it.
 */

const radius = 100;

/** Projects a scene; see sphereView.d.ts. */
export function drawSphere({ points, directions }, { azimuth, elevation }) {
  const [sinA, cosA, sinE, cosE] = [Math.sin(azimuth), Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation)];
  const project = (x, y, z) => ({
    x: radius * (y * cosA - x * sinA),
    y: radius * ((x * cosA + y * sinA) * sinE - z * cosE),
    front: (x * cosA + y * sinA) * cosE + z * sinE >= 0,
  });
  const forEachPoint = (triples, draw) => {
    for (let i = 0; i < triples.length; i += 3) {
      draw(project(triples[i] / 1000, triples[i + 1] / 1000, triples[i + 2] / 1000));
    }
  };

  const drawDots = (triples) => {
    const halves = { back: '', front: '' };
    forEachPoint(triples, ({ x, y, front }) => {
      halves[front ? 'front' : 'back'] += `M${x.toFixed(1)},${y.toFixed(1)}h0`;
    });
    return halves;
  };
  const grid = drawGraticule(project);
  const dots = points.map(drawDots);
  const labels = [];
  forEachPoint(directions, ({ x, y, front }) => labels.push({ x, y, front }));
  return {
    layers: [grid.back, ...dots.map(({ back }) => back), grid.front, ...dots.map(({ front }) => front)],
    labels,
  };
}

/** Draws meridians and parallels at intervals of 30°, split into near and far side. */
function drawGraticule(project) {
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
    let previous;
    for (const { x, y, front } of curve) {
      const half = front ? 'front' : 'back';
      halves[half] += `${half === previous ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`;
      previous = half;
    }
  }
  return halves;
}

/** Lets the reader rotate a sphere with the mouse, a finger or the arrow keys. */
function makeRotatable(svg) {
  const scene = JSON.parse(svg.dataset.scene);
  const view = JSON.parse(svg.dataset.view);
  const layers = svg.querySelectorAll('[data-layer]');
  const labels = svg.querySelectorAll('[data-label]');
  const rotate = (right, up) => {
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

  let pointer;
  svg.addEventListener('pointerdown', (event) => {
    pointer = { x: event.clientX, y: event.clientY };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', (event) => {
    if (!pointer) return;
    const scale = 2.4 / svg.clientWidth;
    rotate((event.clientX - pointer.x) * scale, (event.clientY - pointer.y) * scale);
    pointer = { x: event.clientX, y: event.clientY };
  });
  for (const type of ['pointerup', 'pointercancel']) svg.addEventListener(type, () => (pointer = undefined));

  const keys = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  svg.addEventListener('keydown', (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    rotate(...keys[event.key]);
  });
  svg.setAttribute('tabindex', '0');
  svg.classList.add('rotatable');
}

if (typeof document !== 'undefined') {
  document.querySelectorAll('svg[data-scene]').forEach(makeRotatable);
  document.querySelectorAll('.rotate-hint').forEach((hint) => hint.removeAttribute('hidden'));
}
