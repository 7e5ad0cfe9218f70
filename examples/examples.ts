/** All examples by name. `data` says what `--data` is, for those that read some. */
export const examples = {
  mnist: {
    title: 'a convolutional network that reads digits',
    data: 'a folder with MNIST',
    load: () => import('./mnist.ts'),
  },
  dpSgd: { title: 'differential privacy: gradients of each example', load: () => import('./dpSgd.ts') },
  maml: { title: 'learning to learn sinusoids', load: () => import('./maml.ts') },
  neuralOde: { title: 'a differential equation learned from a spiral', load: () => import('./neuralOde.ts') },
  deepEquilibrium: { title: 'a layer that is a fixed point', load: () => import('./deepEquilibrium.ts') },
  burgers: { title: "a network that solves Burgers' equation", load: () => import('./burgers.ts') },
  vae: { title: 'a variational autoencoder', data: 'a folder with MNIST', load: () => import('./vae.ts') },
  cartPole: { title: 'policy gradients balance a pole', load: () => import('./cartPole.ts') },
  resnet: { title: 'a deep network with and without shortcuts', load: () => import('./resnet.ts') },
  transformer: {
    title: 'continues text, character by character',
    data: 'a folder of Markdown files',
    load: () => import('./transformer.ts'),
  },
  lstm: { title: 'adds two numbers of a long sequence', load: () => import('./lstm.ts') },
  lora: { title: 'fine-tuning by updates of low rank', load: () => import('./lora.ts') },
  faces: {
    title: 'A-Softmax recognizes unseen classes',
    data: 'a folder with a folder of images for each class',
    load: () => import('./faces.ts'),
  },
  dcgan: { title: 'a generator and a discriminator of characters', load: () => import('./dcgan.ts') },
};
