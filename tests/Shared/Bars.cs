using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>
/// A small problem to learn: noisy images of 1×8×8 with a bar across them, horizontal (class 0) or vertical (class 1).
/// </summary>
public static class Bars
{
    public const int Size = 8;

    public static ArrayBatches Make(int count, int seed = 1)
    {
        var key = CounterRandom.Key((ulong)seed, 0, 0);
        var (images, classes) = (new float[count * Size * Size], new float[count]);
        for (var i = 0; i < images.Length; i++)
            images[i] = 0.2f * (float)CounterRandom.Normal(key, (uint)(i + (2 * count)));
        for (var n = 0; n < count; n++)
        {
            classes[n] = CounterRandom.Uniform(key, (uint)(2 * n)) < 0.5 ? 0 : 1;
            var place = (int)(CounterRandom.Uniform(key, (uint)((2 * n) + 1)) * Size);
            for (var i = 0; i < Size; i++)
                images[(n * Size * Size) + (classes[n] == 0 ? (place * Size) + i : (i * Size) + place)] += 1;
        }

        return new ArrayBatches(images, [1, Size, Size], classes);
    }

    /// <summary>A small network for them, with batch normalisation and dropout, whose state a training has to carry too.</summary>
    public static Node Network()
        => ConvNet.Network.Input(1, Size, Size).Conv(6, 5).BatchNorm().Relu().MaxPool(2).Dropout(0.1f).Dense(2);
}
