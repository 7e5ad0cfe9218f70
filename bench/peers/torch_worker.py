"""Computes and measures times in PyTorch for the benchmarks. Requests and answers are JSON objects, one per line; arrays go
through files in the folder given by the first argument; the second is the number of threads."""
import json
import os
import resource
import sys
import time

folder, threads = sys.argv[1], int(sys.argv[2])
# Before loading torch, because torch.set_num_threads does not limit OpenBLAS.
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[name] = str(threads)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import torch_networks as networks  # noqa: E402

torch.set_num_threads(threads)

# Minimum duration of a sample, in seconds; shorter calls are repeated.
MIN_SECONDS = 0.05
run = None


def read(file, shape, dtype):
    with open(file, 'rb') as data:
        return torch.frombuffer(bytearray(data.read()), dtype=getattr(torch, dtype)).reshape(shape)


def prepare(source, inputs):
    """Compiles the body of a function and calls it to get the timed function."""
    global run
    inputs = {name: read(**description) for name, description in inputs.items()}
    scope = {'torch': torch, 'F': F, 'networks': networks, 'inputs': inputs}
    scope.update({name: value for name, value in inputs.items() if name.isidentifier()})
    lines = ''.join(f'    {line}\n' for line in source.strip('\n').split('\n'))
    exec(f'def prepare():\n{lines}', scope)
    run = scope['prepare']()


def results():
    descriptions = []
    for i, tensor in enumerate(run()):
        file = os.path.join(folder, f'result{i}')
        array = tensor.detach().to(torch.float32).contiguous()
        with open(file, 'wb') as data:
            data.write(array.numpy().tobytes())
        descriptions.append({'file': file, 'shape': list(array.shape)})
    return descriptions


def time_calls(count):
    start = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - start


def sample(seconds):
    start = time.perf_counter()
    count, taken = 1, time_calls(1)
    while taken < MIN_SECONDS:
        count = max(2 * count, int(count * MIN_SECONDS / max(taken, 1e-9)))
        taken = time_calls(count)
    samples = [taken / count]
    while time.perf_counter() - start < seconds:
        samples.append(time_calls(count) / count)
    return samples


def answer(request):
    action = request.pop('do')
    if action == 'prepare':
        return prepare(**request)
    if action == 'results':
        return results()
    if action == 'sample':
        return sample(**request)
    if action == 'peak':
        # Linux reports KiB.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    raise ValueError(f'unknown request {action}')


print(json.dumps({'answer': torch.__version__}), flush=True)
for line in sys.stdin:
    try:
        reply = {'answer': answer(json.loads(line))}
    except Exception as error:  # The parent process reports it.
        reply = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(reply), flush=True)
