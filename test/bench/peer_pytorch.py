#!/usr/bin/env python3
"""The same workloads in PyTorch: what test/bench/compare.sh divides ours by.

Prints one JSON object a line: {"name", "median_ms", "min_ms", "runs", "threads", "device", "peer"}.
Every workload is the same work, shape for shape, as the one of the same name in run.lua.

    python3 peer_pytorch.py [--device cpu|cuda] [--threads N] [--only SUBSTRING | --name NAME]
                            [--channels-last | --best] [--quick] [--list] [--turns]

--best times workloads on images in both memory layouts and reports the faster. --turns: for each line read, a
number of milliseconds, the workload runs about that long and the median of its calls is printed.
"""
import argparse, json, os, sys, time

ap = argparse.ArgumentParser()
ap.add_argument("--device", default="cpu")
ap.add_argument("--threads", type=int, default=0)
ap.add_argument("--only", default="")
ap.add_argument("--name", default="")
ap.add_argument("--channels-last", action="store_true")
ap.add_argument("--best", action="store_true")
ap.add_argument("--quick", action="store_true")
ap.add_argument("--list", action="store_true")
ap.add_argument("--turns", action="store_true")
A = ap.parse_args()

import torch
import torch.nn as nn
import torch.nn.functional as F

if A.threads:
    torch.set_num_threads(A.threads)
DEV = torch.device(A.device)
CUDA = DEV.type == "cuda"
CL = torch.channels_last if A.channels_last else torch.contiguous_format
torch.manual_seed(1)


def sync():
    if CUDA:
        torch.cuda.synchronize()


def mean_ms(f, inner):
    """Milliseconds of one of `inner` calls."""
    t = time.perf_counter()
    for _ in range(inner):
        f()
    sync()
    return (time.perf_counter() - t) / inner * 1e3


def timeit(f, inner=1, budget=2.0, least=5):
    """Median over runs of f repeated `inner` times; at least `least` runs, at most about `budget` seconds."""
    if A.quick:
        budget, least = 0.3, 3
    for _ in range(2):
        f()
    sync()
    ts, end = [], time.perf_counter() + budget
    while len(ts) < least or (time.perf_counter() < end and len(ts) < 200):
        ts.append(mean_ms(f, inner))
    ts.sort()
    return ts[len(ts) // 2], ts[0], len(ts)


def take_turns(f, inner=1):
    for _ in range(2):
        f()
    sync()
    print("ready", flush=True)
    for line in sys.stdin:
        f()
        sync()
        ts, end = [], time.perf_counter() + float(line) * 1e-3
        while not ts or time.perf_counter() < end:
            ts.append(mean_ms(f, inner))
        ts.sort()
        print(ts[len(ts) // 2], flush=True)


BENCH = {}


def bench(f):
    BENCH[f.__name__] = f
    return f


def R(*s, **k):
    return torch.randn(*s, device=DEV, **k)


def im(x):
    return x.to(memory_format=CL) if x.dim() == 4 else x


# ---- single operations: the cost of a call -------------------------------------------------------
@bench
def call_add_inplace_10():
    a, b = R(10), R(10)
    return lambda: a.add_(b), 2000


@bench
def call_add_new_10():
    a, b = R(10), R(10)
    return lambda: a + b, 2000


@bench
def call_mm_8():
    a, b, c = R(8, 8), R(8, 8), R(8, 8)
    return lambda: torch.mm(a, b, out=c), 2000


@bench
def call_element_read():
    a = R(10)
    return lambda: a[3].item(), 2000


@bench
def call_narrow():
    a = R(64, 64)
    return lambda: a.narrow(0, 3, 10), 2000


# ---- single operations: the cost of the data -----------------------------------------------------
N = 10_000_000


def unary(name):
    def f():
        a, o = R(N), torch.empty(N, device=DEV)
        fn = getattr(torch, name)
        return lambda: fn(a, out=o), 1
    f.__name__ = name + "_10m"
    bench(f)


for _n in ("exp", "tanh", "sigmoid", "sqrt", "abs"):
    unary(_n)


@bench
def log_10m():
    a, o = torch.rand(N, device=DEV) + 0.1, torch.empty(N, device=DEV)
    return lambda: torch.log(a, out=o), 1


@bench
def add_10m():
    a, b, o = R(N), R(N), torch.empty(N, device=DEV)
    return lambda: torch.add(a, b, out=o), 1


@bench
def addcmul_10m():
    a, b, o = R(N), R(N), R(N)
    return lambda: o.addcmul_(a, b, value=1e-6), 1


@bench
def add_new_10m():
    a, b = R(N), R(N)
    return lambda: a + b, 1


@bench
def add_rows_4096():
    a, b, o = R(4096, 4096), R(4096), torch.empty(4096, 4096, device=DEV)
    return lambda: torch.add(a, b, out=o), 1


@bench
def transpose_copy_4096():
    a, o = R(4096, 4096), torch.empty(4096, 4096, device=DEV)
    return lambda: o.copy_(a.t()), 1


@bench
def sum_10m():
    a = R(N)
    return lambda: a.sum(), 1


@bench
def sum_dim0_4096():
    a = R(4096, 4096)
    return lambda: a.sum(0), 1


@bench
def sum_dim1_4096():
    a = R(4096, 4096)
    return lambda: a.sum(1), 1


@bench
def max_dim1_4096():
    a = R(4096, 4096)
    return lambda: a.max(1), 1


@bench
def var_dim1_4096():
    a = R(4096, 4096)
    return lambda: a.var(1), 1


@bench
def cumsum_dim1_4096():
    a = R(4096, 4096)
    return lambda: a.cumsum(1), 1


@bench
def sort_1m():
    a = R(1_000_000)
    return lambda: a.sort(), 1


@bench
def topk_100_of_1m():
    a = R(1_000_000)
    return lambda: a.topk(100), 1


@bench
def index_select_rows():
    a, i = R(100_000, 128), torch.randint(100_000, (50_000,), device=DEV)
    return lambda: a.index_select(0, i), 1


@bench
def gather_dim1():
    a, i = R(10_000, 1000), torch.randint(1000, (10_000, 100), device=DEV)
    return lambda: a.gather(1, i), 1


@bench
def masked_fill_10m():
    a = R(N)
    m = a > 0
    return lambda: a.masked_fill_(m, 1.0), 1


@bench
def uniform_10m():
    a = torch.empty(N, device=DEV)
    return lambda: a.uniform_(), 1


@bench
def normal_10m():
    a = torch.empty(N, device=DEV)
    return lambda: a.normal_(), 1


@bench
def gemm_f32_2048():
    a, b, c = R(2048, 2048), R(2048, 2048), R(2048, 2048)
    return lambda: torch.mm(a, b, out=c), 1


@bench
def gemm_f32_256():
    a, b, c = R(256, 256), R(256, 256), R(256, 256)
    return lambda: torch.mm(a, b, out=c), 20


@bench
def gemm_f64_1024():
    a, b, c = (R(1024, 1024, dtype=torch.float64) for _ in range(3))
    return lambda: torch.mm(a, b, out=c), 1


@bench
def gemv_f32_4096():
    a, b, c = R(4096, 4096), R(4096), R(4096)
    return lambda: torch.mv(a, b, out=c), 1


@bench
def bmm_64x128():
    a, b, c = R(64, 128, 128), R(64, 128, 128), R(64, 128, 128)
    return lambda: torch.bmm(a, b, out=c), 1


@bench
def softmax_10000x1000():
    a = R(10_000, 1000)
    return lambda: F.softmax(a, 1), 1


@bench
def svd_f64_256():
    a = R(256, 256, dtype=torch.float64)
    return lambda: torch.linalg.svd(a), 1


# ---- layers: forward and backward ----------------------------------------------------------------
def layer(name, make, shape):
    def f():
        m, x = make().to(DEV), R(*shape)
        x = im(x).requires_grad_()
        m = m.to(memory_format=CL) if x.dim() == 4 else m
        y = m(x)
        y = y[0] if isinstance(y, tuple) else y
        g = torch.ones_like(y)

        def step():
            y = m(x)
            y = y[0] if isinstance(y, tuple) else y
            x.grad = None
            y.backward(g)
        return step, 1
    f.__name__ = name
    bench(f)


layer("linear_256x1024x1024", lambda: nn.Linear(1024, 1024), (256, 1024))
layer("conv3x3_64_56_b32", lambda: nn.Conv2d(64, 64, 3, padding=1), (32, 64, 56, 56))
layer("conv7x7s2_3_224_b16", lambda: nn.Conv2d(3, 64, 7, 2, 3), (16, 3, 224, 224))
layer("conv1x1_256_128_28_b16", lambda: nn.Conv2d(256, 128, 1), (16, 256, 28, 28))
layer("conv3x3s2_128_256_28_b16", lambda: nn.Conv2d(128, 256, 3, 2, 1), (16, 128, 28, 28))
layer("conv_depthwise3x3_128_28_b16", lambda: nn.Conv2d(128, 128, 3, 1, 1, groups=128), (16, 128, 28, 28))
layer("deconv4x4s2_128_64_16_b16", lambda: nn.ConvTranspose2d(128, 64, 4, 2, 1), (16, 128, 16, 16))
layer("conv3d_3_16_16_56_b2", lambda: nn.Conv3d(3, 16, 3, padding=1), (2, 3, 16, 56, 56))
layer("conv1d_256_256_k3_b32", lambda: nn.Conv1d(256, 256, 3, padding=1), (32, 256, 128))
layer("batchnorm_64_56_b32", lambda: nn.BatchNorm2d(64), (32, 64, 56, 56))
layer("maxpool3x3s2_64_56_b32", lambda: nn.MaxPool2d(3, 2, 1), (32, 64, 56, 56))
layer("avgpool2x2_64_56_b32", lambda: nn.AvgPool2d(2), (32, 64, 56, 56))
layer("relu_64_56_b32", lambda: nn.ReLU(), (32, 64, 56, 56))
layer("dropout_64_56_b32", lambda: nn.Dropout(0.5), (32, 64, 56, 56))
layer("logsoftmax_128x10000", lambda: nn.LogSoftmax(1), (128, 10000))
layer("lstm_in128_h256_t64_b32", lambda: nn.LSTM(128, 256), (64, 32, 128))
layer("gru_in128_h256_t64_b32", lambda: nn.GRU(128, 256), (64, 32, 128))


# ---- whole training steps: forward, loss, backward, SGD with momentum ----------------------------
def train(name, make, shape, classes, inner=1, lr=1e-3, amp=None, loss=None, target=None):
    def f():
        m = make().to(DEV).train()
        if len(shape) == 4:
            m = m.to(memory_format=CL)
        x = im(R(*shape))
        t = target() if target else torch.randint(classes, (shape[0],), device=DEV)
        crit = loss or nn.CrossEntropyLoss()
        opt = torch.optim.SGD(m.parameters(), lr=lr, momentum=0.9)

        def step():
            opt.zero_grad()
            if amp:
                with torch.autocast(DEV.type, dtype=amp):
                    l = crit(m(x), t)
            else:
                l = crit(m(x), t)
            l.backward()
            opt.step()
        return step, inner
    f.__name__ = name
    bench(f)


def mlp(*d):
    ls = []
    for i in range(len(d) - 1):
        ls += [nn.Linear(d[i], d[i + 1]), nn.ReLU()]
    return nn.Sequential(*ls[:-1])


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 16, 120), nn.ReLU(), nn.Linear(120, 84),
                         nn.ReLU(), nn.Linear(84, 10))


class Basic(nn.Module):
    def __init__(s, i, o, stride):
        super().__init__()
        s.c1, s.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        s.c2, s.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        s.down = None if stride == 1 and i == o else nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(s, x):
        y = s.b2(s.c2(F.relu(s.b1(s.c1(x)))))
        return F.relu(y + (s.down(x) if s.down else x))


class Bottle(nn.Module):
    def __init__(s, i, w, stride):
        super().__init__()
        o = 4 * w
        s.c1, s.b1 = nn.Conv2d(i, w, 1, bias=False), nn.BatchNorm2d(w)
        s.c2, s.b2 = nn.Conv2d(w, w, 3, stride, 1, bias=False), nn.BatchNorm2d(w)
        s.c3, s.b3 = nn.Conv2d(w, o, 1, bias=False), nn.BatchNorm2d(o)
        s.down = None if stride == 1 and i == o else nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(s, x):
        y = F.relu(s.b1(s.c1(x)))
        y = s.b3(s.c3(F.relu(s.b2(s.c2(y)))))
        return F.relu(y + (s.down(x) if s.down else x))


def resnet(block, counts, classes=1000, small=False):
    x = 4 if block is Bottle else 1
    ls = [nn.Conv2d(3, 64, 3, 1, 1, bias=False) if small else nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    ls += [] if small else [nn.MaxPool2d(3, 2, 1)]
    i = 64
    for k, n in enumerate(counts):
        w = 64 << k
        for j in range(n):
            ls.append(block(i, w, 2 if k and not j else 1))
            i = w * x
    return nn.Sequential(*ls, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, classes))


class CharLSTM(nn.Module):
    def __init__(s, v=65, h=128, layers=2):
        super().__init__()
        s.e, s.l, s.o = nn.Embedding(v, h), nn.LSTM(h, h, layers), nn.Linear(h, v)

    def forward(s, x):
        return s.o(s.l(s.e(x))[0]).flatten(0, 1)


train("train_mlp_tiny_b16", lambda: mlp(32, 64, 64, 10), (16, 32), 10, inner=20)
train("train_mlp_b128", lambda: mlp(784, 512, 512, 10), (128, 784), 10)
train("train_lenet_b64", lenet, (64, 1, 28, 28), 10)
train("train_resnet18_cifar_b64", lambda: resnet(Basic, (2, 2, 2, 2), 10, True), (64, 3, 32, 32), 10)
train("train_resnet18_224_b8", lambda: resnet(Basic, (2, 2, 2, 2)), (8, 3, 224, 224), 1000)


@bench
def train_charlstm_h128_t50_b50():
    m = CharLSTM().to(DEV)
    x = torch.randint(65, (50, 50), device=DEV)
    t = torch.randint(65, (2500,), device=DEV)
    opt = torch.optim.RMSprop(m.parameters(), lr=2e-3, alpha=0.95)

    def step():
        opt.zero_grad()
        l = F.cross_entropy(m(x), t)
        l.backward()
        nn.utils.clip_grad_value_(m.parameters(), 5)
        opt.step()
    return step, 1


def infer(name, make, shape):
    def f():
        m = make().to(DEV).eval().to(memory_format=CL)
        x = im(R(*shape))

        def step():
            with torch.no_grad():
                m(x)
        return step, 1
    f.__name__ = name
    bench(f)


infer("infer_resnet18_224_b1", lambda: resnet(Basic, (2, 2, 2, 2)), (1, 3, 224, 224))
infer("infer_resnet50_224_b1", lambda: resnet(Bottle, (3, 4, 6, 3)), (1, 3, 224, 224))
infer("infer_resnet50_224_b16", lambda: resnet(Bottle, (3, 4, 6, 3)), (16, 3, 224, 224))

if CUDA:
    @bench
    def gemm_bf16_8192():
        a, b, c = (R(8192, 8192, dtype=torch.bfloat16) for _ in range(3))
        return lambda: torch.mm(a, b, out=c), 1
    train("train_resnet50_224_b128", lambda: resnet(Bottle, (3, 4, 6, 3)), (128, 3, 224, 224), 1000)
    train("train_resnet50_224_b128_bf16", lambda: resnet(Bottle, (3, 4, 6, 3)), (128, 3, 224, 224), 1000, amp=torch.bfloat16)

if A.list:
    print("\n".join(BENCH))
    sys.exit()


def once(f, layout, run=timeit):
    global CL
    CL = torch.channels_last if layout else torch.contiguous_format
    step, inner = f()
    times = run(step, inner)
    return times and times + (layout,)


IMAGES = ("conv", "deconv", "batchnorm", "maxpool", "avgpool", "relu_", "dropout", "train_lenet", "train_resnet", "infer_")
for name, f in BENCH.items():
    if A.only not in name or (A.name and A.name != name):
        continue
    both = A.best and name.startswith(IMAGES)
    layouts = (False, True) if both else (A.channels_last,)
    if A.turns:
        once(f, min(once(f, layout) for layout in layouts)[-1] if both else layouts[0], take_turns)
        continue
    try:
        med, best, runs, layout = min(once(f, layout) for layout in layouts)
        row = dict(name=name, median_ms=round(med, 6), min_ms=round(best, 6), runs=runs)
    except Exception as e:  # a workload this build of PyTorch cannot do
        row, layout = dict(name=name, error=str(e)[:200]), False
    peer = "PyTorch " + torch.__version__ + (" channels_last" if layout else "")
    row.update(threads=torch.get_num_threads(), device=A.device, peer=peer)
    print(json.dumps(row), flush=True)
