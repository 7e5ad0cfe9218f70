"""SphereFace, the default glyph network and A-Softmax in PyTorch, with the parameter names of ours."""
import math

import torch
import torch.nn.functional as F
from torch import nn

RESIDUAL_UNITS = {4: (0, 0, 0, 0), 20: (1, 2, 4, 1)}


class Residual(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return self.body(x) + x


class SphereFace(nn.Module):
    def __init__(self, layers, channels=3, pixels=7 * 6, features=512):
        super().__init__()
        modules, inputs = [], channels
        for width, units in zip((64, 128, 256, 512), RESIDUAL_UNITS[layers]):
            modules += [nn.Conv2d(inputs, width, 3, stride=2, padding=1), nn.PReLU(width)]
            modules += [residual_unit(width) for _ in range(units)]
            inputs = width
        self.convolutions = nn.Sequential(*modules)
        self.embedding = nn.Linear(512 * pixels, features)

    def forward(self, x):
        return self.embedding(self.convolutions(x).flatten(1))


def residual_unit(channels):
    layers = []
    for _ in range(2):
        convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        nn.init.normal_(convolution.weight, std=0.01)
        layers += [convolution, nn.PReLU(channels)]
    return Residual(nn.Sequential(*layers))


def glyph_network(channels, pixels, features):
    modules, inputs = [], channels
    for width in (16, 32, 64, 128):
        convolution = nn.Conv2d(inputs, width, 3, stride=2, padding=1, bias=False)
        modules += [convolution, nn.BatchNorm2d(width), nn.PReLU(width)]
        inputs = width
    return nn.Sequential(*modules, nn.Flatten(), nn.Linear(128 * pixels, features))


BREAKPOINTS = torch.tensor([math.cos(j * math.pi / 4) for j in (1, 2, 3)])


def a_softmax_loss(x, weight, labels, lam):
    """A-Softmax with m = 4: mean cross entropy with a target logit of (lam |x|cos + |x|psi) / (1 + lam)."""
    logits = x @ F.normalize(weight).t()
    index = labels[:, None]
    length = x.norm(dim=1, keepdim=True)
    c = logits.gather(1, index) / length
    with torch.no_grad():
        k = (c <= BREAKPOINTS).sum(1, keepdim=True)
        sign = 1 - 2 * (k % 2)
    square = c * c
    psi = sign * (8 * (square * square - square) + 1) - 2 * k
    marginal = logits.scatter_add(1, index, (psi - c) * length / (1 + lam))
    return F.cross_entropy(marginal, labels)


def training_step(model, classes, features, images, labels, state, is_bias, learning_rate, lam, clip=None):
    """Creates a function that trains for one step and returns the loss. An empty `state` keeps PyTorch's initial weights."""
    head = nn.Parameter(torch.empty(classes, features).uniform_(-0.06, 0.06))
    labels = labels.long()
    if state:
        own = {rename(name[len('model.'):]): value for name, value in state.items() if name.startswith('model.')}
        missing, unexpected = model.load_state_dict(own, strict=False)
        if unexpected or any(not name.endswith('num_batches_tracked') for name in missing):
            raise ValueError(f'state: missing {missing}, unexpected {unexpected}')
        with torch.no_grad():
            head.copy_(state['head.weight'])
    named = [*model.named_parameters(), ('head.weight', head)]
    biases = [parameter for name, parameter in named if is_bias(name, parameter)]
    others = [parameter for name, parameter in named if not is_bias(name, parameter)]
    groups = [{'params': others, 'weight_decay': 5e-4}, {'params': biases, 'lr': 2 * learning_rate, 'weight_decay': 0}]
    optimizer = torch.optim.SGD(groups, lr=learning_rate, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = a_softmax_loss(model(images), head, labels, lam)
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_([*biases, *others], clip)
        optimizer.step()
        return [loss]

    return step


def rename(name):
    return name.replace('runningMean', 'running_mean').replace('runningVar', 'running_var')
