// Bessel functions of orders 0 and 1 in double precision. Polynomials are fits near the minimax ones, with errors below 4e-17.
import { polynomial } from '@thetagrad/core/backend';

// prettier-ignore
/** J₀(x) over the product of x² − r² for its first two zeros r, in x² − 32, for |x| ≤ 8, and J₁(x) / x over the same. */
const [j0Near, j1Near] = [
  [0.0011434937743762545, -6.624357154624037e-5, 1.5269952779230138e-6, -1.957821852540931e-8, 1.6190720285413593e-10, -9.409614027212692e-13, 4.0670226557558414e-15, -1.3612234095637556e-17, 3.636923197969725e-20, -7.94347831694969e-23, 1.4456426684472427e-25, -2.2269610053939612e-28, 2.942379327593022e-31, -3.3835148869933634e-34, 3.3933650010689543e-37],
  [0.00019498936985895625, -8.42975858348865e-6, 1.5488297655634626e-7, -1.65039161349045e-9, 1.1675046589868421e-11, -5.927960622054936e-14, 2.274776120312887e-16, -6.845780457943681e-19, 1.661514769045341e-21, -3.324468164483855e-24, 5.581914474348942e-27, -7.981208576970652e-30, 9.874449409852695e-33, -1.0597079641665911e-35],
] as const;
/** The zeros, as sums. */
const [j0Zeros, j1Zeros] = [
  [
    [2.404825557695773, -1.176691651530894e-16],
    [5.520078110286311, 8.088597146146722e-17],
  ],
  [
    [3.8317059702075125, -1.5269184090088067e-16],
    [7.015586669815619, -9.414165653410389e-17],
  ],
] as const;
// prettier-ignore
/** Y₀(x) − 2/π log x J₀(x) in x² − 32, and (Y₁(x) − 2/π (log x J₁(x) − 1/x)) / x, for x ≤ 8. */
const [y0Near, y1Near] = [
  [-0.382250654459425, -0.025888621573764335, 0.0016084926551509244, 4.398386343170921e-6, -1.0276295984474178e-6, 2.0032437990402218e-8, -2.0392003558735958e-10, 1.3494586944980292e-12, -6.389874267616093e-15, 2.291240565346129e-17, -6.465532005379263e-20, 1.476962666167703e-22, -2.7916105485492112e-25, 4.442755575760332e-28, -6.0397413593306155e-31, 7.1275009065013e-34, -7.311009700435112e-37],
  [0.07075985882118005, -0.007605544712247848, 2.2819894258782696e-5, 7.173830934652635e-6, -1.8730010852747157e-7, 2.3409089214332514e-9, -1.8280704350319794e-11, 9.96075902343299e-14, -4.0364952241545176e-16, 1.2697208298747e-18, -3.1983305093997487e-21, 6.6071954344689164e-24, -1.1408536763721334e-26, 1.6722991560795548e-29, -2.1171854779924692e-32, 2.3182673376008238e-35],
] as const;
// prettier-ignore
/** P and x Q in (8/x)² of Hankel's expansions (DLMF 10.17.3), for order 0 and x ≥ 8. */
const [p0, q0] = [
  [1.0, -0.0010986328124932216, 2.738088336416646e-5, -2.1839132224663715e-6, 3.619758767812361e-7, -1.020564570797483e-7, 4.2546291790572966e-8, -2.220099170349574e-8, 1.1738404575384732e-8, -5.095567444423025e-9, 1.4750393967466458e-9, -2.0391504603291065e-10],
  [-0.125, 0.0011444091796867502, -5.544628942274274e-5, 6.5907556444006975e-6, -1.4531646487282279e-6, 5.13190214056454e-7, -2.6379570133829e-7, 1.8029153673326535e-7, -1.4502397065436714e-7, 1.1847376507015868e-7, -8.582431886459488e-8, 4.9391240246188914e-8, -2.0386719524825114e-8, 5.266327693631826e-9, -6.334002499904253e-10],
] as const;
// prettier-ignore
/** The same for order 1. */
const [p1, q1] = [
  [1.0, 0.0018310546874928113, -3.5203992971025806e-5, 2.5809891297171923e-6, -4.102441117732622e-7, 1.1281774072269541e-7, -4.6292540376970764e-8, 2.3923017346240325e-8, -1.2580302532198723e-8, 5.444932988370198e-9, -1.5735706702738963e-9, 2.1732281186744534e-10],
  [0.375, -0.0016021728515593268, 6.776768693173265e-5, -7.6047144829333516e-6, 1.6240781447013697e-6, -5.61694136836811e-7, 2.8300006796479155e-7, -1.8612719875479017e-7, 1.3782740725415923e-7, -9.757592676638466e-8, 5.7271028826226886e-8, -2.4608376619829315e-8, 6.67306043217023e-9, -8.444427200072099e-10],
] as const;

type Zeros = typeof j0Zeros | typeof j1Zeros;

/** The product of x² − r². */
function productOverZeros(x: number, zeros: Zeros): number {
  let product = 1;
  for (const [zero, error] of zeros) product *= (x - zero - error) * (x + zero);
  return product;
}

/** √(2/πx) (P cos(x + phase) − Q sin(x + phase)) for phases of odd multiples of π/4, by cos x and sin x alone. */
function oscillation(x: number, P: number, Q: number, [cosine, sine]: readonly [number, number]): number {
  const [c, s] = [Math.cos(x), Math.sin(x)];
  return (P * (cosine * c - sine * s) - Q * (sine * c + cosine * s)) / Math.sqrt(Math.PI * x);
}

function far(x: number, order: 0 | 1, phase: readonly [number, number]): number {
  if (x === Infinity) return 0;
  const w = (8 / x) ** 2;
  return oscillation(x, polynomial(w, order === 0 ? p0 : p1), polynomial(w, order === 0 ? q0 : q1) / x, phase);
}

/** J₀(x). */
export function j0Of(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= 8) return productOverZeros(magnitude, j0Zeros) * polynomial(x * x - 32, j0Near);
  return far(magnitude, 0, [1, -1]);
}

/** J₁(x). */
export function j1Of(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude <= 8) return x * productOverZeros(magnitude, j1Zeros) * polynomial(x * x - 32, j1Near);
  return Math.sign(x) * far(magnitude, 1, [-1, -1]);
}

/** Y₀(x). */
export function y0Of(x: number): number {
  if (x <= 0) return x === 0 ? -Infinity : NaN;
  if (x <= 8) return (2 / Math.PI) * Math.log(x) * j0Of(x) + polynomial(x * x - 32, y0Near);
  return far(x, 0, [-1, -1]);
}

/** Y₁(x). */
export function y1Of(x: number): number {
  if (x <= 0) return x === 0 ? -Infinity : NaN;
  if (x <= 8) return (2 / Math.PI) * (Math.log(x) * j1Of(x) - 1 / x) + x * polynomial(x * x - 32, y1Near);
  return far(x, 1, [-1, 1]);
}
