"""The networks of ../Networks.cs in PyTorch, by the same names. Written out, so that torchvision is not needed."""

from collections import OrderedDict

from torch import nn


def nielsen():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(20, 40, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(640, 100), nn.ReLU(inplace=True),
        nn.Linear(100, 10))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.Tanh(),
        nn.Linear(120, 84), nn.Tanh(),
        nn.Linear(84, 10))


def vgg_cifar():
    layers, channels = [], 3
    for filters in (64, 128, 256):
        layers += [
            nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(inplace=True),
            nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256 * 4 * 4, 256), nn.ReLU(inplace=True), nn.Linear(256, 10))


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2),
        nn.AdaptiveAvgPool2d(6), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(inplace=True),
        nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(inplace=True),
        nn.Linear(4096, 1000))


class Residual(nn.Module):
    """Two 3×3 convolutions, added to the input, or to its 1×1 convolution where the shape changes."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True),
            nn.Conv2d(filters, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters))
        keeps_shape = stride == 1 and channels == filters
        self.shortcut = nn.Identity() if keeps_shape else nn.Sequential(
            nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        # The body's own tensor takes the sum: nothing else reads it.
        y = self.body(x)
        y += self.shortcut(x)
        return self.relu(y)


def resnet18_stages(classes):
    blocks, channels = [], 64
    for stage, filters in enumerate((64, 128, 256, 512)):
        blocks += [Residual(channels, filters, 2 if stage > 0 else 1), Residual(filters, filters, 1)]
        channels = filters
    return [*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes)]


def resnet18():
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
        *resnet18_stages(1000))


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions, added to the input, or to its 1×1 convolution where the shape changes."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, filters, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True),
            nn.Conv2d(filters, filters, 3, stride, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True),
            nn.Conv2d(filters, 4 * filters, 1, bias=False), nn.BatchNorm2d(4 * filters))
        keeps_shape = stride == 1 and channels == 4 * filters
        self.shortcut = nn.Identity() if keeps_shape else nn.Sequential(
            nn.Conv2d(channels, 4 * filters, 1, stride, bias=False), nn.BatchNorm2d(4 * filters))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.body(x)
        y += self.shortcut(x)
        return self.relu(y)


def resnet50():
    blocks, channels = [], 64
    for stage, (filters, depth) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(depth):
            blocks.append(Bottleneck(channels, filters, 2 if stage > 0 and block == 0 else 1))
            channels = 4 * filters
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
        *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def resnet18_cifar():
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        *resnet18_stages(10))


def mnist1d():
    return nn.Sequential(
        nn.Conv1d(1, 15, 3, stride=2), nn.ReLU(inplace=True),
        nn.Conv1d(15, 15, 3, stride=2), nn.ReLU(inplace=True),
        nn.Conv1d(15, 15, 3, stride=2), nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(60, 10))


# name: (what builds it, the shape of one image, the number of classes)
NETWORKS = OrderedDict([
    ("nielsen", (nielsen, (1, 28, 28), 10)),
    ("lenet5", (lenet5, (1, 28, 28), 10)),
    ("vgg-cifar", (vgg_cifar, (3, 32, 32), 10)),
    ("resnet18-cifar", (resnet18_cifar, (3, 32, 32), 10)),
    ("alexnet", (alexnet, (3, 224, 224), 1000)),
    ("resnet18", (resnet18, (3, 224, 224), 1000)),
    ("resnet50", (resnet50, (3, 224, 224), 1000)),
    ("mnist1d", (mnist1d, (1, 40), 10)),
])
