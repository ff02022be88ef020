using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Log-softmax over the channels of N×C×inner. Idea: one softmax, then a logarithm would round small probabilities to nothing, so
/// the logarithm of the sum is taken off instead. Layout: N×C×inner. A sample at a time, one place after the other.
/// </summary>
internal static unsafe class LogSoftmax
{
    /// <summary>y = x − log Σ eˣ.</summary>
    public static void Forward(WorkerPool pool, float* x, ChannelShape shape, float* y)
        => PlaneLoop.Run(pool, shape.Batch, shape.Channels * shape.Inner, new ForwardBody(x, shape, y));

    /// <summary>dX = dY − e^y·Σ dY.</summary>
    public static void Backward(WorkerPool pool, float* y, float* dY, ChannelShape shape, float* dX)
        => PlaneLoop.Run(pool, shape.Batch, shape.Channels * shape.Inner, new BackwardBody(y, dY, shape, dX));

    private readonly struct ForwardBody(float* x, ChannelShape shape, float* y) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint sample)
        {
            var start = sample * shape.Channels * shape.Inner;
            for (var i = start; i < start + shape.Inner; i++)
            {
                var end = i + (shape.Channels * shape.Inner);
                var max = x[i];
                for (var c = i; c < end; c += shape.Inner)
                    max = x[c] > max ? x[c] : max;
                var sum = 0f;
                for (var c = i; c < end; c += shape.Inner)
                    sum += MathF.Exp(x[c] - max);
                var log = MathF.Log(sum);
                for (var c = i; c < end; c += shape.Inner)
                    y[c] = x[c] - max - log;
            }
        }
    }

    private readonly struct BackwardBody(float* y, float* dY, ChannelShape shape, float* dX) : IPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run(nint sample)
        {
            var start = sample * shape.Channels * shape.Inner;
            for (var i = start; i < start + shape.Inner; i++)
            {
                var end = i + (shape.Channels * shape.Inner);
                var sum = 0f;
                for (var c = i; c < end; c += shape.Inner)
                    sum += dY[c];
                for (var c = i; c < end; c += shape.Inner)
                    dX[c] = dY[c] - (MathF.Exp(y[c]) * sum);
            }
        }
    }
}
