using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The cross entropy of a softmax p = softmax(x) with class indices. Idea: loss = max x − x[target] − ln max p, never the logarithm of
/// a probability that may have become 0, and no exponentials but those of the softmax. Layout: x and p N×C×inner,
/// targets, losses and their gradients N×inner. Lanes: the loss is scalar; in the gradient positions, or channels where inner is 1.
/// </summary>
internal static unsafe class SoftmaxCrossEntropy
{
    /// <summary>losses[n, i] = −ln p[n, targets[n, i], i].</summary>
    public static void Losses(WorkerPool pool, float* x, float* targets, float* p, ChannelShape shape, float* losses)
    {
        CheckTargets(targets, shape);
        PlaneLoop.Run(pool, shape.Batch, shape.Channels * shape.Inner, new LossBody(x, targets, p, shape, losses));
    }

    /// <summary>dX = (p − one-hot(targets))·dLosses. May run in place on p.</summary>
    public static void Gradient(WorkerPool pool, float* p, float* targets, float* dLosses, ChannelShape shape, float* dX)
    {
        CheckTargets(targets, shape);
        PlaneLoop.Run(pool, shape.Batch, shape.Channels * shape.Inner, new GradientBody(p, targets, dLosses, shape, dX));
    }

    private static void CheckTargets(float* targets, ChannelShape shape)
    {
        for (nint i = 0; i < shape.Batch * shape.Inner; i++)
        {
            if (!(targets[i] >= 0 && targets[i] < shape.Channels))
                throw new ArgumentOutOfRangeException(nameof(targets), targets[i], $"A class index must be at least 0 and below {shape.Channels}. Received: {targets[i]}.");
        }
    }

    private readonly struct LossBody(float* x, float* targets, float* p, ChannelShape shape, float* losses) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint sample)
        {
            for (nint i = 0; i < shape.Inner; i++)
            {
                var first = (sample * shape.Channels * shape.Inner) + i;
                float largestX = float.NegativeInfinity, largestP = float.NegativeInfinity;
                for (var c = 0; c < shape.Channels; c++)
                {
                    var at = first + (c * shape.Inner);
                    largestX = x[at] > largestX ? x[at] : largestX;
                    largestP = p[at] > largestP ? p[at] : largestP;
                }

                var target = (sample * shape.Inner) + i;
                losses[target] = largestX - x[first + ((int)targets[target] * shape.Inner)] - MathF.Log(largestP);
            }
        }
    }

    private readonly struct GradientBody(float* p, float* targets, float* dLosses, ChannelShape shape, float* dX) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint sample)
        {
            var first = sample * shape.Channels * shape.Inner;
            var scales = dLosses + (sample * shape.Inner);
            if (shape.Inner == 1)
            {
                Pointwise.MapScalar(p + first, *scales, dX + first, shape.Channels, default(Multiply));
            }
            else
            {
                for (var row = first; row < first + (shape.Channels * shape.Inner); row += shape.Inner)
                    Pointwise.Map(p + row, scales, dX + row, shape.Inner, default(Multiply));
            }

            for (nint i = 0; i < shape.Inner; i++)
                dX[first + ((int)targets[(sample * shape.Inner) + i] * shape.Inner) + i] -= scales[i];
        }
    }
}
