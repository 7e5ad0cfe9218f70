"""Runs computations in PyTorch for the benchmarks and times them here. One JSON object a line, in and out; arrays go
through files in the folder that is the first argument; the second is the number of threads."""
import json
import os
import resource
import sys
import time

folder, threads = sys.argv[1], int(sys.argv[2])
# Before torch is loaded: torch.set_num_threads does not limit OpenBLAS.
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[name] = str(threads)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import torch_networks as networks  # noqa: E402

torch.set_num_threads(threads)

# As long as a sample is at least, in seconds: what is shorter is repeated.
SHORTEST = 0.05
run = None


def read(file, shape, dtype):
    with open(file, 'rb') as data:
        return torch.frombuffer(bytearray(data.read()), dtype=getattr(torch, dtype)).reshape(shape)


def prepare(source, inputs):
    """Makes the body of a function one, and calls it: what it returns is what is timed."""
    global run
    inputs = {name: read(**description) for name, description in inputs.items()}
    scope = {'torch': torch, 'F': F, 'networks': networks, 'inputs': inputs}
    scope.update({name: value for name, value in inputs.items() if name.isidentifier()})
    lines = ''.join(f'    {line}\n' for line in source.strip('\n').split('\n'))
    exec(f'def prepare():\n{lines}', scope)
    run = scope['prepare']()


def results():
    described = []
    for i, tensor in enumerate(run()):
        file = os.path.join(folder, f'result{i}')
        array = tensor.detach().to(torch.float32).contiguous()
        with open(file, 'wb') as data:
            data.write(array.numpy().tobytes())
        described.append({'file': file, 'shape': list(array.shape)})
    return described


def timed(count):
    began = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - began


def sample(seconds):
    began = time.perf_counter()
    count, taken = 1, timed(1)
    while taken < SHORTEST:
        count = max(2 * count, int(count * SHORTEST / max(taken, 1e-9)))
        taken = timed(count)
    samples = [taken / count]
    while time.perf_counter() - began < seconds:
        samples.append(timed(count) / count)
    return samples


def answer(request):
    what = request.pop('do')
    if what == 'prepare':
        return prepare(**request)
    if what == 'results':
        return results()
    if what == 'sample':
        return sample(**request)
    if what == 'peak':
        # In KiB on Linux.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    raise ValueError(f'no request {what}')


print(json.dumps({'answer': torch.__version__}), flush=True)
for line in sys.stdin:
    try:
        reply = {'answer': answer(json.loads(line))}
    except Exception as error:  # The other side reports it.
        reply = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(reply), flush=True)
