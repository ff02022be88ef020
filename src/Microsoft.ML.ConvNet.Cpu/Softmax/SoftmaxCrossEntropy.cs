using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The cross entropy of a softmax with class indices. Idea: loss = ln Σ eˣ⁻ᵐᵃˣ − (x[target] − max), never the logarithm of
/// a probability that may have become 0; the gradient makes the softmax again, straight into dX. Layout: scores N×C×inner,
/// targets, losses and their gradients N×inner. Lanes: as in <see cref="Softmax"/> for the gradient; the loss is scalar
/// but for its exponentials.
/// </summary>
internal static unsafe class SoftmaxCrossEntropy
{
    /// <summary>losses[n, i] = −ln softmax(x)[n, targets[n, i], i].</summary>
    public static void Losses(WorkerPool pool, float* x, float* targets, ChannelShape shape, float* losses)
    {
        CheckTargets(targets, shape);
        PlaneLoop.Run(pool, shape.Batch, shape.Channels * shape.Inner, new LossBody(x, targets, shape, losses));
    }

    /// <summary>dX = (softmax(x) − one-hot(targets))·dLosses.</summary>
    public static void Gradient(WorkerPool pool, float* x, float* targets, float* dLosses, ChannelShape shape, float* dX)
    {
        CheckTargets(targets, shape);
        PlaneLoop.Run(pool, shape.Batch, shape.Channels * shape.Inner, new GradientBody(x, targets, dLosses, shape, dX));
    }

    private static void CheckTargets(float* targets, ChannelShape shape)
    {
        for (nint i = 0; i < shape.Batch * shape.Inner; i++)
        {
            if (!(targets[i] >= 0 && targets[i] < shape.Channels))
                throw new ArgumentOutOfRangeException(nameof(targets), targets[i], $"A class index must be at least 0 and below {shape.Channels}. Received: {targets[i]}.");
        }
    }

    private readonly struct LossBody(float* x, float* targets, ChannelShape shape, float* losses) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint sample)
        {
            var scratch = Scratch.Get(ScratchUse.Softmax, shape.Channels);
            for (nint i = 0; i < shape.Inner; i++)
            {
                var scores = x + (sample * shape.Channels * shape.Inner) + i;
                var max = float.NegativeInfinity;
                for (var c = 0; c < shape.Channels; c++)
                    max = scores[c * shape.Inner] > max ? scores[c * shape.Inner] : max;
                for (var c = 0; c < shape.Channels; c++)
                    scratch[c] = scores[c * shape.Inner] - max;

                Pointwise.Map(scratch, scratch, shape.Channels, default(Exp));
                var sum = 0f;
                for (var c = 0; c < shape.Channels; c++)
                    sum += scratch[c];

                var target = (sample * shape.Inner) + i;
                losses[target] = MathF.Log(sum) - (scores[(int)targets[target] * shape.Inner] - max);
            }
        }
    }

    private readonly struct GradientBody(float* x, float* targets, float* dLosses, ChannelShape shape, float* dX) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint sample)
        {
            var first = sample * shape.Channels * shape.Inner;
            Softmax.Sample(x + first, shape, dX + first);
            for (nint i = 0; i < shape.Inner; i++)
                dX[first + ((int)targets[(sample * shape.Inner) + i] * shape.Inner) + i] -= 1f;

            var scales = dLosses + (sample * shape.Inner);
            for (var c = 0; c < shape.Channels; c++)
            {
                var row = dX + first + (c * shape.Inner);
                if (shape.Inner == 1)
                    *row *= *scales;
                else
                    Pointwise.Map(row, scales, row, shape.Inner, default(Multiply));
            }
        }
    }
}
